using System.Numerics;

namespace IlgpuSeg.Data.Synthetic;

/// <summary>Puts a random street together: what is built and planted beside it, and what stands and drives on it.</summary>
internal sealed class SceneBuilder
{
    private readonly Scene _scene;
    private readonly StreetPlan _plan;
    private readonly SeededRandom _random;
    private readonly bool _parkLeft, _parkRight;

    private SceneBuilder(Scene scene, SeededRandom random, (bool Left, bool Right) parking)
    {
        _scene = scene;
        _plan = scene.Plan;
        _random = random;
        (_parkLeft, _parkRight) = parking;
    }

    /// <summary>A street with everything in it, and the camera that sees it.</summary>
    public static Scene Build(int width, int height, Daylight light, SeededRandom random)
    {
        var plan = new StreetPlan(random);
        var parking = (random.Chance(plan.RoadHalf > 4 ? 0.6 : 0.2), random.Chance(plan.RoadHalf > 4 ? 0.6 : 0.2));
        var position = new Vector3(
            LaneCentre(plan, parking.Item2, plan.Lanes / 2 - 1) + (float)random.Between(-0.4, 0.4), (float)random.Between(1.25, 1.65), 0);
        var camera = new SceneCamera(
            width, height, position, (float)random.Between(-0.07, 0.07), (float)random.Between(-0.012, 0.012),
            (float)random.Between(0.72, 0.98), (float)random.Between(0.40, 0.49));
        var builder = new SceneBuilder(new Scene(plan, light, camera), random, parking);
        builder.AddSides();
        builder.AddBackdrop();
        builder.AddTraffic();
        builder.AddPeople();
        return builder._scene;
    }

    private static float LaneCentre(StreetPlan plan, bool parking, int lane)
    {
        float usable = plan.RoadHalf - (parking ? 2.1f : 0.2f), lanes = plan.Lanes / 2f;
        return usable * (lane + 0.5f) / lanes;
    }

    private float Between(double low, double high) => (float)_random.Between(low, high);

    private uint Seed() => (uint)_random.Next(1 << 30);

    private bool Parking(StreetSide side) => side.Sign < 0 ? _parkLeft : _parkRight;

    private void AddSides()
    {
        foreach (var side in (ReadOnlySpan<StreetSide>)[_plan.Left, _plan.Right])
        {
            foreach (var lot in side.Lots)
                AddLot(side, lot);
            AddFurniture(side);
            AddParkedCars(side);
        }
    }

    private void AddLot(StreetSide side, Lot lot)
    {
        float front = side.Sign * _plan.FrontOf(side);
        switch (lot.Kind)
        {
            case LotKind.Building:
                AddBuilding(side.Sign, front, lot.Start, lot.End, lot.Height);
                break;
            case LotKind.Wall:
                var stone = new Vector3(Between(0.45, 0.72)) * new Vector3(1, Between(0.93, 1), Between(0.85, 1));
                AddAlong(front, lot, new WallMaterial(stone, lot.Height, Seed()));
                AddTrees(side, lot, nearest: 1.5f, count: _random.Next(4));
                break;
            case LotKind.Fence:
                var colour = _random.Chance(0.5) ? new Vector3(0.48f, 0.36f, 0.24f) * Between(0.7, 1.3) : new Vector3(Between(0.15, 0.8));
                AddAlong(front, lot, new FenceMaterial(colour, Between(0.08, 0.2), Between(0.02, 0.06), Seed()));
                AddTrees(side, lot, nearest: 2, count: _random.Next(4));
                break;
            case LotKind.Green:
                AddGreen(side, lot);
                break;
        }
    }

    /// <summary>An upright quad along the street's side.</summary>
    private void AddAlong(float x, Lot lot, Material material) =>
        _scene.Add(new Quad(new Vector3(x, 0, lot.Start), Vector3.UnitZ, Vector3.UnitY, lot.End - lot.Start, lot.Height, material));

    private void AddBuilding(int sign, float front, float start, float end, float height)
    {
        float depth = 11, length = end - start;
        _scene.Add(new Quad(
            new Vector3(front, 0, start), Vector3.UnitZ, Vector3.UnitY, length, height, new Facade(length, height, blank: false, _random)));
        var sideWall = new Facade(depth, height, blank: _random.Chance(0.5), _random);
        foreach (float z in (ReadOnlySpan<float>)[start, end])
            _scene.Add(new Quad(new Vector3(front, 0, z), Vector3.UnitX * sign, Vector3.UnitY, depth, height, sideWall));
        if (_random.Chance(0.6))
            AddRoof(sign, front, start, length, height, depth, sideWall.WallColour);
    }

    /// <summary>The slope towards the street and the gables at both ends.</summary>
    private void AddRoof(int sign, float front, float start, float length, float height, float depth, Vector3 wall)
    {
        float rise = depth / 2 * Between(0.45, 0.95);
        var slope = new Vector3(sign * depth / 2, rise, 0);
        var tiles = _random.Chance(0.6) ? new Vector3(0.55f, 0.26f, 0.18f) : new Vector3(0.30f, 0.30f, 0.33f);
        _scene.Add(new Quad(
            new Vector3(front, height, start), Vector3.UnitZ, Vector3.Normalize(slope), length, slope.Length(),
            new Roof(tiles * Between(0.75, 1.2), Seed())));
        var gable = new Figure(depth).Polygon(SceneId.Building, wall, new(-depth / 2, 0), new(depth / 2, 0), new(0, rise));
        foreach (float z in (ReadOnlySpan<float>)[start, start + length])
            _scene.Add(new Quad(new Vector3(front, height, z), Vector3.UnitX * sign, Vector3.UnitY, depth, rise, gable));
    }

    private void AddGreen(StreetSide side, Lot lot)
    {
        AddTrees(side, lot, nearest: 1.2f, count: 2 + _random.Next(5));
        if (_random.Chance(0.45))
        {
            float height = Between(0.7, 1.9);
            AddAlong(side.Sign * (_plan.FrontOf(side) + Between(0.3, 3)), lot with { Height = height },
                new HedgeMaterial(height, 0.35f, TreeMaterial.Leaf(_random), Seed()));
        }
        if (_random.Chance(0.35))
            AddBuilding(side.Sign, side.Sign * (_plan.FrontOf(side) + Between(8, 14)), lot.Start + 1, lot.End - 1,
                3.2f * (1 + _random.Next(3)) + 1);
    }

    private void AddTrees(StreetSide side, Lot lot, float nearest, int count)
    {
        for (int i = 0; i < count; i++)
            AddTree(side.Sign * (_plan.FrontOf(side) + Between(nearest, 14)), Between(lot.Start, lot.End), Between(4, 11));
    }

    private void AddTree(float x, float z, float height)
    {
        float width = height * Between(0.5, 0.8);
        var tree = new TreeMaterial(width, height, _random);
        var quad = Quad.Billboard(new Vector3(x, 0, z), _scene.Camera.Right, width, height, tree);
        _scene.Add(quad with { Shaded = _scene.IsShaded(x, z, height * 0.6f) });
        _scene.AddContact(x, z, width * 0.5f, width * 0.45f, 0);
    }

    private void AddFurniture(StreetSide side)
    {
        float kerb = side.Sign * (_plan.RoadHalf + Math.Min(0.5f, side.SidewalkWidth / 2));
        int toRoad = -side.Sign;
        float lampPitch = Between(18, 34);
        for (float z = Between(4, 14); z < 150; z += lampPitch)
        {
            var (lamp, height) = StreetFurniture.LampPost(_random, toRoad);
            _scene.Stand(lamp, height, kerb, z, 0.3f);
        }
        for (float z = Between(5, 22); z < 120; z += Between(9, 38))
        {
            var (sign, height) = StreetFurniture.Sign(_random);
            _scene.Stand(sign, height, kerb + Between(-0.1, 0.1), z, 0.25f);
        }
        foreach (var lot in side.Lots.Where(l => l.Kind == LotKind.SideStreet && l.Start > 6 && _random.Chance(0.7)))
        {
            var (lights, height) = StreetFurniture.TrafficLight(_random, toRoad);
            _scene.Stand(lights, height, kerb, lot.Start - 0.6f, 0.35f);
        }
        if (side.SidewalkWidth > 2.4f && _random.Chance(0.35))
            AddStreetTrees(side, kerb + side.Sign * 0.4f);
        for (float z = Between(6, 30); z < 80; z += Between(12, 50))
            AddParkedCycle(side.Sign * (_plan.FrontOf(side) - Between(0.3, 0.8)), z);
    }

    private void AddStreetTrees(StreetSide side, float x)
    {
        float pitch = Between(8, 14);
        for (float z = Between(5, 16); z < 140; z += pitch)
        {
            if (side.LotAt(z).Kind != LotKind.SideStreet)
                AddTree(x, z, Between(4.5, 7.5));
        }
    }

    private void AddParkedCycle(float x, float z)
    {
        var (figure, height) = _random.Chance(0.35) ? People.Motorcycle(_random) : People.BicycleSide(_random, ridden: false);
        _scene.Stand(figure, height, x, z, 0.8f);
    }

    private void AddParkedCars(StreetSide side)
    {
        if (!Parking(side))
            return;
        float occupied = Between(0.4, 0.95);
        for (float z = Between(-4, 3); z < 110; z += Between(5.6, 7.4))
        {
            if (side.LotAt(z).Kind == LotKind.SideStreet || !_random.Chance(occupied))
                continue;
            var car = VehicleShape.Car(_random);
            float x = side.Sign * (_plan.RoadHalf - 1.08f + Between(-0.08, 0.08));
            AddVehicle(car, x, z, oncoming: side.Sign < 0 && _random.Chance(0.8));
        }
    }

    private void AddVehicle(VehicleShape shape, float x, float z, bool oncoming)
    {
        float heading = (oncoming ? MathF.PI : 0) + Between(-0.025, 0.025);
        foreach (var quad in Vehicle.Quads(shape, new Vector3(x, 0, z), heading, _scene.IsShaded(x, z, 1), _random))
            _scene.Add(quad);
        _scene.AddContact(x, z, shape.Width * 0.62f, shape.Length * 0.56f, 1.2f);
    }

    private void AddTraffic()
    {
        foreach (int direction in (ReadOnlySpan<int>)[-1, 1])
        {
            for (int lane = 0; lane < _plan.Lanes / 2; lane++)
            {
                float x = direction * LaneCentre(_plan, direction < 0 ? _parkLeft : _parkRight, lane);
                for (float z = Between(9, 34); z < 140; z += Between(9, 45))
                    AddVehicle(RandomVehicle(), x + Between(-0.25, 0.25), z + 3, oncoming: direction < 0);
            }
        }
    }

    private VehicleShape RandomVehicle() => _random.NextDouble() switch
    {
        < 0.08 => VehicleShape.Bus(_random),
        < 0.18 => VehicleShape.Truck(_random),
        _ => VehicleShape.Car(_random),
    };

    private void AddPeople()
    {
        for (int i = 2 + _random.Next(13); i > 0; i--)
        {
            var side = _random.Chance(0.5) ? _plan.Left : _plan.Right;
            float x = side.Sign * Between(_plan.RoadHalf + 0.2, _plan.FrontOf(side) - 0.15f), z = Between(5, 55);
            for (int group = 1 + _random.Next(3) / 2 + _random.Next(3) / 2; group > 0; group--)
            {
                AddPedestrian(x, z);
                x += Between(-0.7, 0.7);
                z += Between(-0.6, 0.6);
            }
        }
        if (_random.Chance(0.3)) // somebody crosses the road
            AddPedestrian(Between(-_plan.RoadHalf, _plan.RoadHalf), Between(12, 35));
        for (int i = _random.Next(4); i > 0; i--)
            AddRider();
    }

    private void AddPedestrian(float x, float z)
    {
        var (figure, height) = People.Pedestrian(_random);
        _scene.Stand(figure, height, x, z, 0.35f);
    }

    private void AddRider()
    {
        int direction = _random.Chance(0.5) ? -1 : 1;
        bool crossing = _random.Chance(0.35);
        var (figure, height) = crossing ? People.BicycleSide(_random, ridden: true) : People.RiderAlong(_random);
        bool parked = direction < 0 ? _parkLeft : _parkRight;
        float edge = _plan.RoadHalf - (parked ? 2.4f : 0.6f);
        float x = crossing ? Between(-_plan.RoadHalf, _plan.RoadHalf) : direction * edge;
        _scene.Stand(figure, height, x, Between(9, 45), crossing ? 0.8f : 0.3f);
    }

    private void AddBackdrop()
    {
        foreach (var side in (ReadOnlySpan<StreetSide>)[_plan.Left, _plan.Right])
        {
            float x = side.Sign * (_plan.FrontOf(side) + Between(16, 30)), height = Between(4, 9);
            var edge = new Lot(LotKind.Green, StreetPlan.Nearest, StreetPlan.Farthest, height);
            AddAlong(x, edge, new HedgeMaterial(height, 0.5f, TreeMaterial.Leaf(_random), Seed()));
        }
        float far = StreetPlan.Farthest, treeline = Between(5, 12);
        var trees = new HedgeMaterial(treeline, 0.6f, TreeMaterial.Leaf(_random), Seed());
        _scene.Add(new Quad(new Vector3(-180, 0, far), Vector3.UnitX, Vector3.UnitY, 360, treeline, trees));
        for (int i = _random.Next(7); i > 0; i--)
        {
            float width = Between(10, 26), height = Between(6, 24);
            _scene.Add(new Quad(
                new Vector3(Between(-70, 60), 0, far - Between(1, 6)), Vector3.UnitX, Vector3.UnitY, width, height,
                new Facade(width, height, blank: false, _random)));
        }
    }
}
