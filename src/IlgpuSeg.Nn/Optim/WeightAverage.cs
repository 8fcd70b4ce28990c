using IlgpuSeg.Nn.Weights;
using IlgpuSeg.Ops;
using IlgpuSeg.Serialization;

namespace IlgpuSeg.Nn.Optim;

/// <summary>
/// The exponential moving average of a module's weights and statistics (EMA): average = decay * average + (1 - decay) * weight after every step,
/// started from the weights. Often scores better than the weights themselves.
/// </summary>
public sealed class WeightAverage
{
    private readonly Parameter[] parameters;
    private readonly Tensor[] averages;

    /// <summary>Starts an average at the present weights.</summary>
    /// <param name="module">Whose parameters and floating-point buffers are averaged.</param>
    /// <param name="decay">What stays of the average in a step, in [0, 1).</param>
    /// <exception cref="ArgumentException">The decay is out of range.</exception>
    public WeightAverage(Module module, double decay)
    {
        if (!(decay >= 0 && decay < 1))
            throw new ArgumentException($"The decay of the weights' average must lie in [0, 1), but is {decay}.");
        Decay = decay;
        parameters = [.. module.NamedState().Where(p => p.Value.DType.IsFloatingPoint())];
        averages = Array.ConvertAll(parameters, p => p.Value.Clone());
    }

    /// <summary>What stays of the average in a step.</summary>
    public double Decay { get; }

    /// <summary>Moves the average towards the weights.</summary>
    public void Step() => MovingAverage.Step(averages, Array.ConvertAll(parameters, p => p.Value), Decay);

    /// <summary>Starts again at the present weights.</summary>
    public void Restart()
    {
        for (var i = 0; i < averages.Length; i++) averages[i].CopyFrom(parameters[i].Value);
    }

    /// <summary>Puts the average into the module, and the weights back when the result is disposed.</summary>
    public IDisposable Apply()
    {
        Exchange();
        return new Applied(this);
    }

    /// <summary>The average as weight-file entries.</summary>
    /// <param name="prefix">Put before every name.</param>
    public IEnumerable<WeightEntry> Export(string prefix) =>
        parameters.Select((parameter, i) => ModuleState.Export(parameter, prefix + parameter.Name, averages[i]));

    /// <summary>Reads what <see cref="Export"/> wrote.</summary>
    /// <param name="source">The file.</param>
    /// <param name="prefix">What stands before every name.</param>
    /// <exception cref="WeightFileException">An entry is missing or has another shape.</exception>
    public void Import(SafeTensorsFile source, string prefix)
    {
        for (var i = 0; i < averages.Length; i++)
        {
            var entry = source[prefix + parameters[i].Name];
            if (!entry.Shape.SequenceEqual(parameters[i].TorchShape))
            {
                throw new WeightFileException(
                    source.File, entry.Name, $"is {entry.ShapeText}, the network's is [{string.Join(", ", parameters[i].TorchShape)}]");
            }
            ModuleState.Import(parameters[i], entry, averages[i]);
        }
    }

    private void Exchange()
    {
        for (var i = 0; i < averages.Length; i++)
        {
            using var weight = parameters[i].Value.Clone();
            parameters[i].Value.CopyFrom(averages[i]);
            averages[i].CopyFrom(weight);
        }
    }

    private sealed class Applied(WeightAverage average) : IDisposable
    {
        private bool closed;

        public void Dispose()
        {
            if (closed) return;
            closed = true;
            average.Exchange();
        }
    }
}
