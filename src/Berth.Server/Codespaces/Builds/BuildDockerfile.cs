using System.Formats.Tar;
using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Codespaces.Dockerfiles;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Codespaces.Images;
using Berth.Server.Codespaces.Isolation;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Builds;

/// <summary>
/// Builds an image for a codespace by the engine's own build call, from a Dockerfile that Berth wrote and a start that Berth packed:
/// neither a tool nor the repository's own text has a say in what the engine is asked. No secret is part of it.
/// </summary>
internal sealed class BuildDockerfile(
    IContainerEngine engine, BuiltImages images, BuildGroups groups, FetchRemoteFiles fetch, FetchRepositories clone,
    TimeProvider time)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(60);

    /// <param name="purpose">A part of the image's name, in lower case letters.</param>
    /// <exception cref="FaultException">The build failed. The message names the instruction that failed.</exception>
    public async Task<PinnedImage> RunAsync(BuildPlace start, PlannedBuild planned, string purpose, CancellationToken cancellationToken)
    {
        Dictionary<string, SentBase> pins = new(StringComparer.Ordinal);
        foreach (var (text, reference) in planned.Pinned)
        {
            var pinned = start.Images[reference];
            if (pinned.Image.HasTriggers)
            {
                throw new FaultException(
                FaultKind.Build,
                    $"{planned.Build.Dockerfile}: the image {reference} has ONBUILD instructions, which codespaces do not run",
                    "use an image without them");
            }

            pins[text] = new SentBase(pinned.Reference, pinned.Image.Environment) { Folder = pinned.Image.Folder };
        }

        var dockerfile = planned.Dockerfile.Write(pins, images.StageLabels(start.Codespace), start.Budget);
        var added = Path.Combine(start.Folders.Added, purpose);
        CodespaceFolders.Delete(added);
        try
        {
            var fetched = await fetch.RunAsync(
                added, planned.Dockerfile.Remotes, line => start.Log.Write("build", line), cancellationToken);
            var cloned = await clone.RunAsync(
                Path.Combine(added, "git"), start.GitView, planned.Dockerfile.Repositories,
                FetchRemoteFiles.MostBytes - fetched.Sum(file => new FileInfo(file.Local).Length), line => start.Log.Write("build", line),
                cancellationToken);
            var folder = Path.Combine(start.Workspace, planned.Build.Context);
            var tar = new BuildContext(
                folder, planned.Ignored, dockerfile, planned.Dockerfile.Files,
                (writer, cancel) => MoreAsync(writer, start.Workspace, planned, fetched, cloned, cancel));
            start.Log.Write("build", $"building {planned.Build.Dockerfile}");
            var request = new Request(
                purpose, planned.Dockerfile.Target, planned.Dockerfile.Arguments, planned.Build.NoCache,
                planned.Build.Network is null ? new ContainerNetwork.OfCodespace([]) : new ContainerNetwork.None(),
                planned.Build.Dockerfile);
            return await RunAsync(start, request, tar, cancellationToken);
        }
        finally
        {
            CodespaceFolders.Delete(added);
        }
    }

    /// <summary>Adds the files for instructions that the engine's builder does not know.</summary>
    private static async Task MoreAsync(
        TarWriter tar, string workspace, PlannedBuild planned, IReadOnlyList<FetchedFile> fetched,
        IReadOnlyList<FetchedRepository> cloned, CancellationToken cancellationToken)
    {
        var sent = new SelectedFiles.Sent();
        foreach (var selection in planned.Dockerfile.Selections)
        {
            var (folder, ignored) = selection.Context is { } context
                ? (context, planned.IgnoredIn[context])
                : (planned.Build.Context, planned.Ignored);
            await SelectedFiles.WriteAsync(tar, Path.Combine(workspace, folder), ignored, selection, sent, cancellationToken);
        }

        foreach (var file in fetched)
        {
            await file.WriteAsync(tar, cancellationToken);
        }

        foreach (var repository in cloned)
        {
            await repository.WriteAsync(tar, cancellationToken);
        }
    }

    /// <summary>Builds one stage <c>FROM</c> an image that the codespace has, with instructions that Berth wrote.</summary>
    /// <param name="files">Writes what they copy; null copies nothing.</param>
    /// <param name="metadata">The label devcontainer.metadata of the image; null leaves it.</param>
    public Task<PinnedImage> LayerAsync(
        BuildPlace start, PinnedImage from, IEnumerable<string> instructions, Func<TarWriter, CancellationToken, Task>? files,
        string? metadata, string purpose, string what,
        CancellationToken cancellationToken)
    {
        var dockerfile = SentDockerfile.Layer(
            OwnStage, new SentBase(from.Reference, from.Image.Environment) { Folder = from.Image.Folder },
            [$"LABEL {images.StageLabels(start.Codespace)}", .. instructions], what, start.Budget);
        var tar = new BuildContext(
            null, IgnorePatterns.Parse("", ""), dockerfile, new Dictionary<string, string>(StringComparer.Ordinal), files);
        var request = new Request(purpose, OwnStage, new Dictionary<string, string>(StringComparer.Ordinal), false,
            new ContainerNetwork.OfCodespace([]), what)
        {
            Metadata = metadata,
        };
        return RunAsync(start, request, tar, cancellationToken);
    }

    private sealed record Request(
        string Purpose, string Target, IReadOnlyDictionary<string, string> Arguments, bool NoCache, ContainerNetwork Network,
        string What)
    {
        public string? Metadata { get; init; }
    }

    private const string OwnStage = "berth-stage-0";

    private async Task<PinnedImage> RunAsync(BuildPlace start, Request request, BuildContext tar, CancellationToken cancellationToken)
    {
        var (name, what) = (BuiltImages.NameOf(start.Codespace, request.Purpose), request.What);
        Dictionary<string, string> labels = new(StringComparer.Ordinal);
        if (request.Metadata is { } metadata)
        {
            labels[ImageMetadata.Label] = metadata;
        }

        var limits = Machines.LimitsOf(start.Machine);
        await start.Network;
        using var running = await images.BeginAsync(start.Codespace, cancellationToken);
        using var group = groups.Open(start.Engine.GroupsBySystemd, limits.Processes);
        var build = new ContainerPolicy(start.Codespace, start.Folders).Write(
            new BuildPlan(name, BuildContext.DockerfileName, request.Target, limits, request.Network, group.Name)
            {
                Arguments = request.Arguments,
                Labels = labels,
                NoCache = request.NoCache,
            });
        using var expired = new CancellationTokenSource(Timeout, time);
        await using var watch = await BuildWatch.StartAsync(
            engine, time, group.Name, limits.Processes, start.Machine.StorageBytes, cancellationToken);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, expired.Token, watch.Exceeded);
        var step = "";
        try
        {
            await engine.BuildAsync(
                build, tar.WriteAsync,
                line =>
                {
                    step = line.StartsWith("Step ", StringComparison.Ordinal) ? line : step;
                    watch.Said(line);
                    start.Log.Write("build", line);
                },
                ending.Token);
        }
        catch (EngineException exception)
        {
            running.IsOver = true;
            throw new FaultException(
                FaultKind.Build, $"the build of {what} failed{(step.Length == 0 ? "" : $" at '{step}'")}: {exception.Message}", exception);
        }
        catch (OperationCanceledException) when (watch.Exceeded.IsCancellationRequested)
        {
            var at = step.Length == 0 ? "" : $" at '{step}'";
            throw watch.TooMuch is { } much
                ? new FaultException(
                    FaultKind.Build, $"the build of {what} was ended{at}: {much}", "write less, or choose a larger machine")
                : new FaultException(
                    FaultKind.Build, $"the build of {what} was ended{at}: the engine did not take the machine's limits for it",
                    "start the codespace again");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new FaultException(
                FaultKind.TimedOut, $"the build of {what} took longer than {Timeout.TotalMinutes:0} minutes and was ended");
        }

        running.IsOver = true;
        var built = await engine.ImageAsync(name, cancellationToken)
            ?? throw new FaultException(FaultKind.Build, $"the image built from {what} is gone");
        CheckLabels(start.Codespace, built, what);
        return new PinnedImage(name, built);
    }

    /// <summary>
    /// Checks that the built image has Berth's labels, which end every stage. If a build got round them, the finished image shows it,
    /// however the engine read the text.
    /// </summary>
    private void CheckLabels(Codespace codespace, EngineImage built, string what)
    {
        var own = images.Labels(codespace);
        var foreign = built.Labels.Where(label => BerthLabels.IsOwn(label.Key)).Except(own).Select(label => label.Key)
            .Union(own.Where(label => built.Labels.GetValueOrDefault(label.Key) != label.Value).Select(label => label.Key)).ToList();
        if (foreign.Count > 0)
        {
            throw new FaultException(
                FaultKind.Configuration,
                $"the build of {what} changes the label {string.Join(", ", foreign)}: labels that begin with {BerthLabels.Prefix} are "
                    + "Berth's own",
                "take it out of the Dockerfile");
        }
    }
}
