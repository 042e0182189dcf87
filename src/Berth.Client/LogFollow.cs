namespace Berth.Client;

/// <summary>How long a creation log is followed.</summary>
public enum LogFollow
{
    /// <summary>Returns only the lines that exist now.</summary>
    No,

    /// <summary>Follows until people can work in the codespace, or its start has failed.</summary>
    UntilAvailable,

    /// <summary>Follows until the start has ended, with the commands that it leaves running in the background.</summary>
    ToEnd,
}
