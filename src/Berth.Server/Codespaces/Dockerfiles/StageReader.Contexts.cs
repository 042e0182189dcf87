using System.Text.Json;
using Berth.Server.Codespaces.Devcontainers;

namespace Berth.Server.Codespaces.Dockerfiles;

/// <summary>Rewrites the named contexts of a build for a builder that has only one context.</summary>
internal sealed partial class StageReader
{
    /// <summary>The first number of such stages. No Dockerfile has so many stages, and no other kind of stage uses these numbers.</summary>
    private const int FirstOfContexts = 2 * FirstOfBerths;

    private readonly Dictionary<string, StageSource> _folders = new(StringComparer.Ordinal);

    /// <summary>One stage for each folder that is named. It contains only the folder's files.</summary>
    public List<DockerfileStage> ContextStages { get; } = [];

    private bool HasFolders => contexts.Values.Any(context => context is NamedContext.Folder);

    /// <summary>Finds a named context. It wins over stages and images of the same name.</summary>
    /// <returns>Null when the build has no such context.</returns>
    private StageSource? Named(string text, DockerfileInstruction instruction, string where)
    {
        var key = NamedContext.KeyOf(text);
        return contexts.GetValueOrDefault(key) switch
        {
            NamedContext.Image image => new StageSource(null, new DockerfileReference(image.Reference, instruction.Line, where)),
            NamedContext.Service service => new StageSource(
                null,
                new DockerfileReference(DockerfileReference.OfService(service.Name), instruction.Line, where) { Service = service.Name }),
            NamedContext.Folder folder => FilesOf(folder, key, instruction),
            _ => null,
        };
    }

    private StageSource FilesOf(NamedContext.Folder folder, string key, DockerfileInstruction instruction)
    {
        if (!_folders.TryGetValue(key, out var source))
        {
            var place = $"{DockerfilePlan.SelectedFolder}/{_placed++}/";
            var stage = new DockerfileStage(
                FirstOfContexts + ContextStages.Count, null, new StageSource(null, null), instruction.Line);
            stage.Lines.Add(new StageLine(instruction.Line, $"COPY {JsonSerializer.Serialize(new[] { place, "/" })}"));
            stage.Selections.Add(new ContextSelection(place, ["."], [], Parents: false, Name: null, Place(instruction))
            {
                Context = folder.Path,
            });
            ContextStages.Add(stage);
            _folders[key] = source = new StageSource(stage.Index, null);
        }

        return source;
    }

    /// <summary>The folder of a stage that contains only a folder's files. Null for any other stage.</summary>
    private string? FolderOf(StageSource source) =>
        ContextStages.Find(stage => stage.Index == source.Stage)?.Selections[0].Context;

    /// <summary>Begins a stage. If its source is a folder's files, it begins with nothing and copies them.</summary>
    private static DockerfileStage Begun(int index, string? name, StageSource source, int line)
    {
        if (source.Stage is not >= FirstOfContexts)
        {
            return new DockerfileStage(index, name, source, line);
        }

        var stage = new DockerfileStage(index, name, new StageSource(null, null), line);
        stage.Lines.Add(new StageLine(line, [new LinePart("COPY --from=", source), new LinePart(" / /")]));
        return stage;
    }
}
