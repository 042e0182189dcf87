using Berth.Server.Codespaces.Expansion;
using Berth.Server.Oci;

namespace Berth.Server.Codespaces.Dockerfiles;

/// <summary>Files of the context that a build gets a second time, chosen as one instruction wants them.</summary>
/// <param name="Folder">Where they lie in the context; ends with a slash.</param>
/// <param name="Sources">Paths and patterns within the context.</param>
/// <param name="Name">What the one source is called there; null: each file keeps its name.</param>
internal sealed record ContextSelection(
    string Folder, IReadOnlyList<string> Sources, IReadOnlyList<string> Excludes, bool Parents, string? Name, TextPlace Place)
{
    /// <summary>A folder within the checkout that they are taken from; null: the build's own context.</summary>
    public string? Context { get; init; }
}

/// <summary>A file that ADD names by its address, which Berth fetches.</summary>
/// <param name="Path">Where it lies in the context.</param>
/// <param name="Checksum">Null: whatever comes.</param>
internal sealed record RemoteFile(string Path, Uri Url, Digest? Checksum, UnixFileMode Mode, TextPlace Place);

/// <summary>A git repository that ADD names, which Berth clones.</summary>
/// <param name="Path">Where its files lie in the context; ends with a slash.</param>
/// <param name="Commit">That it must be at, or the beginning of it; null: any.</param>
/// <param name="KeepsGit">What git itself has there is copied as well.</param>
internal sealed record RemoteRepository(
    string Path, GitAddress Address, string? Commit, bool KeepsGit, IReadOnlyList<string> Excludes, TextPlace Place);
