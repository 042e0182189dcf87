using System.Net;
using Berth.Client;

namespace Berth.Cli;

/// <summary>What a script can learn from a command's exit code.</summary>
internal static class ExitCodes
{
    public const int Ok = 0;

    /// <summary>The server refused, or something about the request was wrong.</summary>
    public const int Failed = 1;

    /// <summary>The command line itself was wrong, and no request was made.</summary>
    public const int Usage = 2;

    /// <summary>There is no token, or it is no longer valid.</summary>
    public const int NotSignedIn = 3;

    /// <summary>It does not exist, or the caller may not see it.</summary>
    public const int NotFound = 4;

    /// <summary>The server cannot be reached, or failed.</summary>
    public const int Unavailable = 5;

    public static int Of(BerthException exception) => exception.Status switch
    {
        HttpStatusCode.Unauthorized => NotSignedIn,
        HttpStatusCode.NotFound => NotFound,
        null or >= HttpStatusCode.InternalServerError => Unavailable,
        _ => Failed,
    };
}

/// <summary>Ends a command with one line on standard error and an exit code.</summary>
internal sealed class CommandException(int exitCode, string message) : Exception(message)
{
    public int ExitCode { get; } = exitCode;
}
