namespace ILGPU.Util;

/// <summary>An object that is disposed once.</summary>
public abstract class DisposeBase : IDisposable
{
    private int _disposed;

    /// <summary>True after <see cref="Dispose()"/>.</summary>
    public bool IsDisposed => Volatile.Read(ref _disposed) != 0;

    /// <summary>Frees what the object holds; further calls do nothing.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
            Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees what the object holds; called once.</summary>
    /// <param name="disposing">True when called by <see cref="Dispose()"/>.</param>
    protected virtual void Dispose(bool disposing)
    {
    }
}

/// <summary>An object attached to a context or an accelerator.</summary>
public abstract class Extension : DisposeBase
{
}

/// <summary>An extension that may hold a cache.</summary>
public abstract class CachedExtension : Extension
{
}

/// <summary>An object that extensions can be attached to.</summary>
/// <typeparam name="TExtension">The base type of the extensions.</typeparam>
public abstract class ExtensionBase<TExtension> : DisposeBase
    where TExtension : Extension
{
}

/// <summary>An object that extensions with caches can be attached to.</summary>
/// <typeparam name="TExtension">The base type of the extensions.</typeparam>
public abstract class CachedExtensionBase<TExtension> : ExtensionBase<TExtension>
    where TExtension : CachedExtension
{
}
