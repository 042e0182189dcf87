using Berth.Server.Access;

namespace Berth.Server.Codespaces.Images;

/// <summary>What one start shows to registries, and where it reports what became of it.</summary>
/// <param name="Principal">The codespace.</param>
/// <param name="Token">Its token of this start.</param>
/// <param name="Log">Told step and line.</param>
internal sealed record StartCredentials(CodespacePrincipal Principal, string Token, Action<string, string> Log);
