using Berth.Server.Faults;

namespace Berth.Server.Codespaces;

/// <summary>A limit of all of a repository's files was reached: unlike after other refusals nothing more of them is read.</summary>
internal sealed class LimitException(string message) : FaultException(FaultKind.Configuration, message);
