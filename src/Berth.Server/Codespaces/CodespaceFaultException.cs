using Berth.Server.Registries.Remote;

namespace Berth.Server.Codespaces;

/// <summary>
/// Why a start ends <c>Failed</c>, in words for the person who started it: they go into the creation log and the row. Says a remedy where there is one.
/// </summary>
#pragma warning disable CA1032, RCS1194 // Without words for a person it means nothing.
internal sealed class CodespaceFaultException(string message, Exception? cause = null) : Exception(message, cause)
#pragma warning restore CA1032, RCS1194
{
    /// <summary>Of a registry that was asked about an image: what came of it. Null for everything else.</summary>
    public RemoteOutcome? Outcome { get; init; }
}
