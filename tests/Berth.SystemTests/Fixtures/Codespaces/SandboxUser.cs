namespace Berth.SystemTests.Fixtures.Codespaces;

/// <summary>Users for sandboxes without a codespace.</summary>
internal static class SandboxUser
{
    private const int Users = 4096;

    /// <summary>The last part of the range that sandboxes have. No server of a test is likely to have the same part.</summary>
    private const int First = int.MaxValue - Users + 1;

    private static int _given;

    /// <summary>
    /// A user that nobody else has. The limit of processes counts all processes of a user, so tests that exhaust it would keep others from
    /// starting any.
    /// </summary>
    public static int Next() => First + (Interlocked.Increment(ref _given) % Users);
}
