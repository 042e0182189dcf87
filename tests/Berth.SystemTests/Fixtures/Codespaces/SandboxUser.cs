using Berth.Server.Codespaces.Sandbox;

namespace Berth.SystemTests.Fixtures.Codespaces;

/// <summary>Users for sandboxes without a codespace.</summary>
internal static class SandboxUser
{
    /// <summary>The range ends here, and no server of a test is likely to have this part of it.</summary>
    private const int First = int.MaxValue - Users + 1;
    private const int Users = 4096;

    private static int _given;

    /// <summary>
    /// A user that nobody else has. The limit of processes counts all processes of a user, so tests that exhaust it would keep others from
    /// starting any.
    /// </summary>
    public static int Next()
    {
        Assert.True(First > SandboxView.FirstUser);
        return First + (Interlocked.Increment(ref _given) % Users);
    }
}
