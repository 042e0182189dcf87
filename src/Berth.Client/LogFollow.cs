namespace Berth.Client;

/// <summary>For how long a creation log is read.</summary>
public enum LogFollow
{
    /// <summary>What there is.</summary>
    No,

    /// <summary>As long as nobody can work in the codespace yet, or until its start has failed.</summary>
    UntilAvailable,

    /// <summary>Until the start has ended, with the commands that it leaves running in the background.</summary>
    ToEnd,
}
