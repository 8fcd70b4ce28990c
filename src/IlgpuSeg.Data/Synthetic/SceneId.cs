namespace IlgpuSeg.Data.Synthetic;

/// <summary>Cityscapes' ids of the things that are drawn.</summary>
internal enum SceneId : byte
{
    EgoVehicle = 1,
    Road = 7,
    Sidewalk = 8,
    Building = 11,
    Wall = 12,
    Fence = 13,
    Pole = 17,
    TrafficLight = 19,
    TrafficSign = 20,
    Vegetation = 21,
    Terrain = 22,
    Sky = 23,
    Person = 24,
    Rider = 25,
    Car = 26,
    Truck = 27,
    Bus = 28,
    Motorcycle = 32,
    Bicycle = 33,
}
