namespace Berth.Server.Operations;

/// <summary>Whether a starting server lets callers in yet; one that nobody holds back is open from the beginning.</summary>
internal sealed class Opening
{
    private volatile bool _heldBack;

    public bool IsOpen => !_heldBack;

    /// <summary>Until <see cref="Open"/>.</summary>
    public void StayUnready() => _heldBack = true;

    public void Open() => _heldBack = false;
}
