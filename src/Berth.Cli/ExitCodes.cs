using System.Net;
using Berth.Client;

namespace Berth.Cli;

/// <summary>What a script can tell from how a command ends.</summary>
internal static class ExitCodes
{
    public const int Ok = 0;

    /// <summary>Refused, or something about the request was wrong.</summary>
    public const int Failed = 1;

    /// <summary>The command line itself was wrong; nothing was asked.</summary>
    public const int Usage = 2;

    /// <summary>No token, or one that is no longer good.</summary>
    public const int NotSignedIn = 3;

    /// <summary>It is not there, or not yours to see.</summary>
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
