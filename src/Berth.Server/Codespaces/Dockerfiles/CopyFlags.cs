using Berth.Server.Oci;

namespace Berth.Server.Codespaces.Dockerfiles;

/// <summary>One of the COPY or ADD lines into which an instruction is split.</summary>
/// <param name="Words">The sources and the target.</param>
internal sealed record CopyWords(string Name, string Words, bool HasMode = false)
{
    /// <summary>The sources are sent with the build's own context, whatever the instruction names.</summary>
    public bool IsSent { get; init; }
}

/// <summary>The flags of COPY and ADD that select files or change their properties.</summary>
internal sealed class CopyFlags
{
    public List<string> Excludes { get; } = [];

    /// <summary>Files keep the parent folders of their source path.</summary>
    public bool Parents { get; private set; }

    public string? Mode { get; private set; }

    public Digest? Checksum { get; private set; }

    /// <summary>The checksum of a git repository.</summary>
    public string? Commit { get; private set; }

    /// <summary>The folder .git of a repository is wanted too.</summary>
    public bool KeepsGit { get; private set; }

    public bool HasChecksum => Checksum is not null || Commit is not null;

    /// <summary>Whether archives are unpacked. Null: the default of ADD.</summary>
    public bool? Unpack { get; private set; }

    /// <summary>The instruction selects files in a way that the engine's builder does not know.</summary>
    public bool Selects => Parents || Excludes.Count > 0;

    /// <returns>False when the instruction does not have the flag or value.</returns>
    public bool Take(string instruction, string flag, string value)
    {
        switch (flag)
        {
            // This changes how the layer is stored, not what is in the image.
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
