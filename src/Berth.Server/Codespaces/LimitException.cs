using Berth.Server.Faults;

namespace Berth.Server.Codespaces;

/// <summary>
/// A limit for all of a repository's files together was reached. Unlike after other refusals, none of the remaining files is read.
/// </summary>
internal sealed class LimitException(string message) : FaultException(FaultKind.Configuration, message);
