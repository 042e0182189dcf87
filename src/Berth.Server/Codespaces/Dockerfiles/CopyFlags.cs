using Berth.Server.Oci;

namespace Berth.Server.Codespaces.Dockerfiles;

/// <summary>One COPY or ADD of what one instruction becomes.</summary>
/// <param name="Words">Sources and target.</param>
/// <param name="HasMode">The sources have the mode already that they are to have.</param>
internal sealed record CopyWords(string Name, string Words, bool HasMode = false)
{
    /// <summary>The sources are sent with the build's own context, whatever the instruction names.</summary>
    public bool IsSent { get; init; }
}

/// <summary>The flags of COPY and ADD that say which files are meant, and how they are to be.</summary>
internal sealed class CopyFlags
{
    public List<string> Excludes { get; } = [];

    /// <summary>Files keep the folders that they are named with.</summary>
    public bool Parents { get; private set; }

    public string? Mode { get; private set; }

    public Digest? Checksum { get; private set; }

    /// <summary>The checksum of a git repository.</summary>
    public string? Commit { get; private set; }

    /// <summary>What git itself has of a repository is wanted as well.</summary>
    public bool KeepsGit { get; private set; }

    public bool HasChecksum => Checksum is not null || Commit is not null;

    /// <summary>Null: as ADD does by itself.</summary>
    public bool? Unpack { get; private set; }

    /// <summary>Something that a builder of its own would have to do.</summary>
    public bool Selects => Parents || Excludes.Count > 0;

    /// <returns>False for a flag or value that the instruction does not have.</returns>
    public bool Take(string instruction, string flag, string value)
    {
        switch (flag)
        {
            // How the layer is stored, not what is in the image.
            case "link":
                return Flag(value) is not null;
            case "keep-git-dir" when instruction == "ADD" && Flag(value) is { } keeps:
                KeepsGit = keeps;
                return true;
            case "chmod":
                Mode = value;
                return true;
            case "exclude":
                Excludes.Add(value);
                return value.Length > 0;
            case "parents" when instruction == "COPY" && Flag(value) is { } parents:
                Parents = parents;
                return true;
            case "unpack" when instruction == "ADD" && Flag(value) is { } unpack:
                Unpack = unpack;
                return true;
            case "checksum" when instruction == "ADD" && Digest.TryParse(value, out var digest):
                Checksum = digest;
                return true;
            case "checksum" when instruction == "ADD" && GitAddress.IsCommit(value):
                Commit = value;
                return true;
            default:
                return false;
        }
    }

    private static bool? Flag(string value) => value.ToLowerInvariant() switch
    {
        "" or "true" or "1" => true,
        "false" or "0" => false,
        _ => null,
    };
}
