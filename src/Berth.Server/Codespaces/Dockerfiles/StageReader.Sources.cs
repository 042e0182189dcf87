using System.Text.Json;

namespace Berth.Server.Codespaces.Dockerfiles;

/// <summary>Finds the files that COPY and ADD name. What the engine's builder cannot express becomes files of the context.</summary>
internal sealed partial class StageReader
{
    /// <summary>The limit of selections, since each searches the whole context.</summary>
    private const int MostSelections = 64;

    /// <summary>The limit of repositories for one configuration, since each is cloned.</summary>
    private const int MostRepositories = 16;

    private const UnixFileMode OwnersAlone = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Berth adds files of its own to the context. A copy of the whole context must leave them out.</summary>
    private bool AddsFiles => _addsFiles || HasFolders;

    private readonly bool _addsFiles = file.Instructions.Any(instruction => instruction.Name is "COPY" or "ADD"
        && (instruction.Heredocs.Count > 0 || instruction.Flags.Any(flag => flag.Key is "exclude" or "parents")
            || (instruction.Name == "ADD" && instruction.Arguments.AsSpan().ContainsAny(NotPlain))));

    private int _placed;
    private int _selections;

    private List<CopyWords> Copies(
        DockerfileInstruction instruction, DockerfileStage stage, StageSource? from, CopyFlags flags, string written)
    {
        var isList = Strings(written) is not null;
        List<string> words = Strings(written) ?? [.. written.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries)];
        if (words.Count < 2)
        {
            return [new CopyWords(instruction.Name, written)];
        }

        List<string> sources = [.. words[..^1].Select(Within)];
        var target = words[^1];
        var name = instruction.Name == "ADD" && flags.Unpack != false ? "ADD" : "COPY";
        List<CopyWords> copies = [];
        if (instruction.Name == "ADD")
        {
            sources = Local(instruction, stage, flags, sources, target, copies);
        }

        if (sources.Count == 0)
        {
            return copies;
        }

        if (flags.HasChecksum)
        {
            throw Fault(instruction, "--checksum is for one source, which is a URL");
        }

        if (from is not null && flags.Selects)
        {
            return FolderOf(from) is { } folder
                ? [Selected(instruction, stage, flags, sources, target, folder) with { IsSent = true }]
                : OfStage(instruction, stage, flags, sources, target);
        }

        if (flags.Selects || (from is null && AddsFiles && sources is ["." or "./" or "/" or "*"]))
        {
            copies.Add(Selected(instruction, stage, flags, sources, target) with { Name = name });
        }
        else
        {
            string[] all = [.. sources, target];
            copies.Add(new CopyWords(
                name, all.SequenceEqual(words) ? written : isList ? JsonSerializer.Serialize(all) : string.Join(' ', all)));
        }

        return copies;
    }

    /// <summary>
    /// A path that leads out of the context, or of a stage, begins at its root, as BuildKit reads it. The engine's own builder does not
    /// find patterns that begin with <c>..</c>.
    /// </summary>
    private static string Within(string source) =>
        source.AsSpan().ContainsAny(NotPlain) || !source.Split('/').Contains("..") ? source
            : IgnorePatterns.Clean(source) is { Length: > 0 } path ? path + (source.EndsWith('/') ? "/" : "")
            : ".";

    /// <summary>
    /// Returns the sources that are paths. Fetched sources are added to <paramref name="copies"/>. The engine itself would fetch anything
    /// that looks like a URL, from the host's network, so every source is checked to be one or the other.
    /// </summary>
    private List<string> Local(
        DockerfileInstruction instruction, DockerfileStage stage, CopyFlags flags, List<string> sources, string target,
        List<CopyWords> copies)
    {
        List<string> local = [];
        foreach (var source in sources)
        {
            if (source.StartsWith(DockerfilePlan.HeredocFolder + "/", StringComparison.Ordinal))
            {
                local.Add(source);
                continue;
            }

            var text = source.AsSpan().ContainsAny(NotPlain) ? Scopes.Expand(Stages, stage, source, Place(instruction)) : source;
            if (text is not null && (text.Contains("://", StringComparison.Ordinal) || text.StartsWith("git@", StringComparison.Ordinal)))
            {
                if (flags.HasChecksum && sources.Count > 1)
                {
                    throw Fault(instruction, "--checksum is for one source, which is a URL");
                }

                copies.Add(GitAddress.IsOne(text)
                    ? Repository(instruction, stage, flags, text, target)
                    : Remote(instruction, stage, flags, text, target));
            }
            else if (text is null || text.Length == 0 || text.AsSpan().ContainsAny(NotPlain))
            {
                throw Fault(
                    instruction,
                    $"the source {DockerfileParser.Short(source)} of ADD must be a plain path or a URL, of variables that the Dockerfile "
                        + "itself sets; use COPY for paths");
            }
            else
            {
                local.Add(text);
            }
        }

        return local;
    }

    private CopyWords Remote(DockerfileInstruction instruction, DockerfileStage stage, CopyFlags flags, string text, string target)
    {
        var shown = DockerfileParser.Short(text);
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https") || url.Host.Length == 0)
        {
            throw Fault(instruction, $"ADD {shown}: it is fetched over http or https");
        }

        if (flags.Commit is not null)
        {
            throw Fault(instruction, $"--checksum={DockerfileParser.Short(flags.Commit)}: {Oci.Digest.Rule}");
        }

        if (url.UserInfo.Length > 0)
        {
            throw Fault(instruction, "the URL of ADD must not contain a user name or a password; builds get no secrets");
        }

        var name = Uri.UnescapeDataString(url.AbsolutePath[(url.AbsolutePath.LastIndexOf('/') + 1)..]);
        if (target.EndsWith('/')
            && (name.Length == 0 || name.AsSpan().ContainsAny(NotPlain) || IsPattern(name) || name.Any(c => char.IsControl(c) || c == '/')))
        {
            throw Fault(instruction, $"ADD {shown}: the URL does not end with the name of a file; name it in the target");
        }

        // A numeric mode is set on the file at once.
        var mode = flags.Mode is { } digits && digits.All(char.IsAsciiDigit) ? (UnixFileMode)Convert.ToInt32(digits, 8) : OwnersAlone;
        var path = $"{DockerfilePlan.AddedFolder}/{_placed++}/{(name.Length > 0 && target.EndsWith('/') ? name : "file")}";
        stage.Remotes.Add(new RemoteFile(path, url, flags.Checksum, mode, Place(instruction)));
        return new CopyWords(
            flags.Unpack == true ? "ADD" : "COPY", JsonSerializer.Serialize(new[] { path, target }), HasMode: mode != OwnersAlone);
    }

    /// <summary>Copies the files of a repository like those of a folder.</summary>
    private CopyWords Repository(
        DockerfileInstruction instruction, DockerfileStage stage, CopyFlags flags, string text, string target)
    {
        budget.Count("git repositories in ADD", MostRepositories, Place(instruction));
        var (address, fault) = GitAddress.Read(text);
        fault ??= flags.Checksum is null ? null : "the --checksum of a git repository is a commit";
        if (fault is not null)
        {
            throw Fault(instruction, $"ADD {DockerfileParser.Short(text)}: {fault}");
        }

        var path = $"{DockerfilePlan.AddedFolder}/{_placed++}/";
        stage.Repositories.Add(new RemoteRepository(
            path, address!, flags.Commit, flags.KeepsGit, flags.Excludes.ConvertAll(pattern => Plain(instruction, stage, pattern)),
            Place(instruction)));
        return new CopyWords("COPY", JsonSerializer.Serialize(new[] { path, target }));
    }

    /// <param name="context">A folder of the checkout that is a named context. Null: the build's own context.</param>
    private CopyWords Selected(
        DockerfileInstruction instruction, DockerfileStage stage, CopyFlags flags, List<string> written, string target,
        string? context = null)
    {
        if (instruction.Heredocs.Count > 0)
        {
            throw Fault(instruction, $"{instruction.Name} of a here-document takes no --exclude and --parents");
        }

        if (++_selections > MostSelections)
        {
            throw Fault(instruction, $"more than {MostSelections} instructions have --exclude or --parents, or copy all of the context");
        }

        var sources = written.ConvertAll(source => Plain(instruction, stage, source));
        var excludes = flags.Excludes.ConvertAll(pattern => Plain(instruction, stage, pattern));
        var folder = $"{DockerfilePlan.SelectedFolder}/{_placed++}/";
        var isOne = sources.Count == 1 && !IsPattern(sources[0]) && !flags.Parents;
        if (!isOne && !flags.Parents && !target.EndsWith('/') && sources is not ["*"])
        {
            throw Fault(instruction, $"{instruction.Name} of several sources needs a target that ends with a slash");
        }

        // A single file or folder keeps its name. A file is copied to a file, and a folder's files into a folder.
        var last = sources[0].TrimEnd('/')[(sources[0].TrimEnd('/').LastIndexOf('/') + 1)..];
        var name = !isOne ? null : last is "" or "." or ".." ? "all" : last;
        stage.Selections.Add(new ContextSelection(folder, sources, excludes, flags.Parents, name, Place(instruction))
        {
            Context = context,
        });
        return new CopyWords("COPY", JsonSerializer.Serialize(new[] { folder + name, target }));
    }

    /// <summary>Copies from another stage or image, as far as it can be written with one target for each source.</summary>
    private List<CopyWords> OfStage(
        DockerfileInstruction instruction, DockerfileStage stage, CopyFlags flags, List<string> written, string target)
    {
        if (flags.Excludes.Count > 0)
        {
            throw Fault(
                instruction,
                "COPY --exclude of a stage or an image is not had in builds of codespaces; take out what is not wanted with RUN, or copy "
                    + "the rest by name");
        }

        return written.ConvertAll(word =>
        {
            var source = Plain(instruction, stage, word);
            if (IsPattern(source) || source.Split('/').Contains(".."))
            {
                throw Fault(
                    instruction, "COPY --parents of a stage or an image takes no patterns in builds of codespaces; name files and folders");
            }

            var pivot = source.IndexOf("/./", StringComparison.Ordinal);
            var kept = pivot < 0 ? source : source[(pivot + 3)..];
            return new CopyWords("COPY", JsonSerializer.Serialize(new[] { source, $"{target.TrimEnd('/')}/{kept.Trim('/')}" }));
        });
    }

    private string Plain(DockerfileInstruction instruction, DockerfileStage stage, string word) =>
        (word.AsSpan().ContainsAny(NotPlain) ? Scopes.Expand(Stages, stage, word, Place(instruction)) : word) is { Length: > 0 } text
            && !text.Any(char.IsControl)
            ? text
            : throw Fault(
                instruction,
                $"{DockerfileParser.Short(word)} is not understood, or made of variables that the Dockerfile does not set itself");

    private static bool IsPattern(string source) => source.IndexOfAny(['*', '?', '[']) >= 0;
}
