namespace Berth.Server.Operations;

/// <summary>Whether a starting server accepts requests yet. Without a call to hold it back, it does from the beginning.</summary>
internal sealed class Opening
{
    private volatile bool _heldBack;

    public bool IsOpen => !_heldBack;

    /// <summary>Reports "not ready" until <see cref="Open"/>.</summary>
    public void StayUnready() => _heldBack = true;

    public void Open() => _heldBack = false;
}
