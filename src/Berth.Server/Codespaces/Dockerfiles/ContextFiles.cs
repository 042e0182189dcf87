using Berth.Server.Codespaces.Expansion;
using Berth.Server.Oci;

namespace Berth.Server.Codespaces.Dockerfiles;

/// <summary>Files of the context that are sent a second time, selected as one instruction wants them.</summary>
/// <param name="Folder">Their folder in the context, with a slash at its end.</param>
/// <param name="Name">The name of the single source in that folder. Null: each file keeps its name.</param>
internal sealed record ContextSelection(
    string Folder, IReadOnlyList<string> Sources, IReadOnlyList<string> Excludes, bool Parents, string? Name, TextPlace Place)
{
    /// <summary>A folder within the checkout that they are taken from; null: the build's own context.</summary>
    public string? Context { get; init; }
}

/// <summary>A file that ADD names by URL, and that Berth fetches.</summary>
/// <param name="Checksum">Null: any content is accepted.</param>
internal sealed record RemoteFile(string Path, Uri Url, Digest? Checksum, UnixFileMode Mode, TextPlace Place);

/// <summary>A git repository that ADD names, and that Berth clones.</summary>
/// <param name="Path">The folder of its files in the context, with a slash at its end.</param>
/// <param name="Commit">The commit that it must be at, or the beginning of its id. Null: any commit.</param>
internal sealed record RemoteRepository(
    string Path, GitAddress Address, string? Commit, bool KeepsGit, IReadOnlyList<string> Excludes, TextPlace Place);
