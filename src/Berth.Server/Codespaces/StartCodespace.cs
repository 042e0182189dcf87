using System.Text.Json;
using Berth.Server.Access;
using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Codespaces.Gate;
using Berth.Server.Codespaces.Git;
using Berth.Server.Codespaces.Images;
using Berth.Server.Database;
using Berth.Server.Tokens;

namespace Berth.Server.Codespaces;

/// <summary>
/// One start, from wherever the last one stopped: clone, read the configuration, resolve credentials, authorise and pull the image,
/// <c>devcontainer up</c>. Every step looks at what is there before it acts, so a start may be cut off at any line and run again.
/// </summary>
internal sealed class StartCodespace(
    Db db, TimeProvider time, AccessDecisions access, EngineClient engine, CodespaceHost host, CodespaceTools tools, CodespaceLog logs,
    CloneRepository clone, FetchImage images, DevcontainerUp up)
{
    private sealed record Run(Codespace Codespace, CodespaceFolders Folders, CodespacePrincipal Principal, string Token, CodespaceLogWriter Log);

    private sealed record Prepared(string Image, string MountTarget, string WorkspaceFolder, string RemoteUser);

    /// <exception cref="OperationCanceledException">Somebody wished for something else, or the server stops.</exception>
    public async Task RunAsync(Codespace codespace, CancellationToken cancellationToken)
    {
        await using var log = logs.Open(codespace);
        try
        {
            var started = await StartAsync(codespace, log, cancellationToken);
            log.Write("ready", $"the codespace is available as {started.RemoteUser} in {started.WorkspaceFolder}");
            await log.DisposeAsync();
            await db.WriteAsync(session => CodespaceTable.AvailableAsync(session, started, time.GetUtcNow()), cancellationToken);
        }
        catch (Exception exception) when (exception is CodespaceFaultException or EngineException or IOException or UnauthorizedAccessException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            log.Write("failed", exception.Message);
            await log.DisposeAsync();
            await StopContainerAsync(codespace);
            await db.WriteAsync(session => CodespaceTable.FailedAsync(session, codespace, exception.Message, time.GetUtcNow()), CancellationToken.None);
        }

        logs.Changed(codespace.Id);
    }

    private async Task<Codespace> StartAsync(Codespace codespace, CodespaceLogWriter log, CancellationToken cancellationToken)
    {
        log.Write("start", $"starting {codespace.Name} of {codespace.RepositoryFullName}{(codespace.Ref is null ? "" : $" at {codespace.Ref}")}");
        await db.WriteAsync(session => CodespaceTable.ProvisioningAsync(session, codespace, time.GetUtcNow()), cancellationToken);
        logs.Changed(codespace.Id);
        await CheckHostAsync(cancellationToken);
        var principal = await CheckReadingAsync(codespace, cancellationToken);
        var token = await IssueTokenAsync(codespace, cancellationToken);
        log.Mask(token);

        var folders = host.Folders(codespace);
        folders.Prepare();
        var run = new Run(codespace, folders, principal, token, log);
        var prepared = await ReuseAsync(run, cancellationToken) ?? await PrepareAsync(run, cancellationToken);
        return await UpAsync(run, prepared, cancellationToken);
    }

    private async Task CheckHostAsync(CancellationToken cancellationToken)
    {
        var missing = tools.MissingTools().ToList();
        if (await engine.UnavailableAsync(cancellationToken) is { } reason)
        {
            missing.Insert(0, reason);
        }

        if (missing.Count > 0)
        {
            throw new CodespaceFaultException(string.Join("; ", missing));
        }
    }

    private async Task<CodespacePrincipal> CheckReadingAsync(Codespace codespace, CancellationToken cancellationToken)
    {
        if (codespace.RepositoryId is not { } repositoryId
            || await access.RepositoryAsync(codespace.OwnerId, repositoryId, cancellationToken) is not { Standing.CanRead: true } found)
        {
            throw new CodespaceFaultException(
                $"{codespace.OwnerLogin} can no longer read {codespace.RepositoryFullName}. Remedy: an admin of the repository can give read access again");
        }

        return new CodespacePrincipal(
            codespace.Id, codespace.Name, repositoryId, found.Repository.FullName, codespace.OwnerId, codespace.OwnerLogin, TokenId: 0);
    }

    /// <summary>Valid from this start to the next stop; whatever an interrupted start had is replaced.</summary>
    private async Task<string> IssueTokenAsync(Codespace codespace, CancellationToken cancellationToken)
    {
        var secret = TokenSecret.Create(TokenSecret.Codespace);
        await db.WriteAsync(
            async session =>
            {
                await CodespaceTable.EndTokensAsync(session, codespace.Id);
                await TokenTable.InsertAsync(session, new NewToken
                {
                    Kind = "codespace",
                    Hash = TokenSecret.Hash(secret),
                    UserId = codespace.OwnerId,
                    RepositoryId = codespace.RepositoryId,
                    CodespaceId = codespace.Id,
                    Note = $"start {codespace.Attempt}",
                    CreatedAt = time.GetUtcNow(),
                });
            },
            cancellationToken);
        return secret;
    }

    /// <summary>
    /// What an earlier start finished is started again with its files. An image of Berth's own registry must still be allowed; the container holds the image's
    /// files, and access may have been taken away.
    /// </summary>
    private async Task<Prepared?> ReuseAsync(Run run, CancellationToken cancellationToken)
    {
        var codespace = run.Codespace;
        if (codespace.Rebuild || codespace is not { ContainerId: { } id, Image: { } image, RemoteUser: { } user, WorkspaceFolder: { } folder }
            || await engine.ContainerAsync(id, cancellationToken) is null
            || !File.Exists(run.Folders.Override))
        {
            return null;
        }

        if (ImageReference.TryParse(image, out var reference, out _) && images.IsOwn(reference))
        {
            await images.DecideAsync(reference, run.Principal, run.Log.Write, cancellationToken);
        }

        run.Log.Write("start", "the container of the last start is there");
        return new Prepared(image, folder, folder, user);
    }

    private async Task<Prepared> PrepareAsync(Run run, CancellationToken cancellationToken)
    {
        var (codespace, folders, log) = (run.Codespace, run.Folders, run.Log);
        await RemoveContainersAsync(codespace, cancellationToken);
        var workspace = folders.Workspace(codespace.RepositoryName);
        await CloneAsync(run, workspace, cancellationToken);

        var file = DevcontainerFile.Read(workspace, codespace.DevcontainerPath);
        var configuration = DevcontainerConfiguration.From(file, codespace.RepositoryName);
        log.Write("configuration", $"read {file.Path}: image {configuration.Image}");
        foreach (var ignored in configuration.Ignored)
        {
            log.Write("configuration", ignored);
        }

        var pinned = await images.RunAsync(configuration.Image, run.Principal, run.Token, log.Write, cancellationToken);
        var user = RemoteUsers.Of(configuration, pinned.Image);
        await GiveWorkspaceAsync(run, workspace, user, cancellationToken);
        await File.WriteAllTextAsync(folders.Override, configuration.ToOverride(pinned.Reference, workspace), cancellationToken);
        return new Prepared(pinned.Reference, configuration.MountTarget, configuration.WorkspaceFolder, user);
    }

    /// <summary>A clone becomes the workspace by a rename, so a workspace that exists is whole.</summary>
    private async Task CloneAsync(Run run, string workspace, CancellationToken cancellationToken)
    {
        var (codespace, folders, log) = (run.Codespace, run.Folders, run.Log);
        if (codespace.Image is null)
        {
            // Nobody has worked in it: what an earlier start left may be half done, or older than the fix that is tried now.
            CodespaceFolders.Delete(workspace);
        }
        else if (Directory.Exists(workspace))
        {
            log.Write("clone", "the workspace is there");
            return;
        }

        var url = codespace.CloneUrl ?? throw new CodespaceFaultException(
            $"{codespace.RepositoryFullName} has no clone_url. Remedy: set one: berth repo edit {codespace.RepositoryFullName} --clone-url URL");
        log.Write("clone", $"cloning {url}");
        await clone.RunAsync(url, codespace.Ref, folders.CloneInProgress, folders.Home, line => log.Write("clone", line), cancellationToken);
        Directory.Move(folders.CloneInProgress, workspace);
    }

    /// <summary>git refuses to work in a folder that belongs to somebody else, and a remote user who is not root could not write.</summary>
    private async Task GiveWorkspaceAsync(Run run, string workspace, string user, CancellationToken cancellationToken)
    {
        var owner = RemoteUsers.OwnerOf(user);
        var result = await ToolProcess.RunAsync(
            tools.Chown(), ["-R", "-h", owner, workspace], new Dictionary<string, string>(), "/", line => run.Log.Write("workspace", line),
            TimeSpan.FromMinutes(10), time, cancellationToken);
        if (result.ExitCode != 0)
        {
            throw new CodespaceFaultException($"the workspace cannot be given to {user}: the server must run as root for codespaces");
        }
    }

    private async Task<Codespace> UpAsync(Run run, Prepared prepared, CancellationToken cancellationToken)
    {
        var (codespace, folders, log) = (run.Codespace, run.Folders, run.Log);
        var workspace = folders.Workspace(codespace.RepositoryName);
        var scope = new GateScope(codespace.Name, host.Name, prepared.Image, workspace, prepared.MountTarget);
        string? refusal = null;
        UpResult result;
        await using (var gate = new EngineGate(engine.Socket, scope, (call, reason) =>
        {
            refusal = reason;
            log.Write("engine", $"refused {call}: {reason}");
        }))
        {
            log.Write("up", "starting the dev container");
            result = await up.RunAsync(
                folders, workspace, gate.SocketPath, $"{GateScope.Label}={codespace.Name}", line => log.Write("up", line), cancellationToken);
        }

        cancellationToken.ThrowIfCancellationRequested();
        if (result is { Failure: { } failure, OnlyCommandFailed: true })
        {
            log.Write("up", $"{failure} The codespace is available all the same.");
        }
        else if (result.Failure is { } reason)
        {
            throw new CodespaceFaultException(refusal is null
                ? $"devcontainer up failed: {reason}"
                : $"the dev container asks for what a codespace does not get: {refusal} (asked for by devcontainer.json or by the label devcontainer.metadata of the image {prepared.Image}). "
                    + "Remedy: use an image that does not ask for it");
        }

        return codespace with
        {
            Image = prepared.Image,
            ContainerId = result.ContainerId,
            RemoteUser = result.RemoteUser ?? prepared.RemoteUser,
            WorkspaceFolder = prepared.WorkspaceFolder,
        };
    }

    /// <summary>What an unfinished start left. A container that was never finished may have run half of its commands, so it is no base to go on from.</summary>
    private async Task RemoveContainersAsync(Codespace codespace, CancellationToken cancellationToken)
    {
        foreach (var id in await engine.ContainersAsync(LabelsOf(codespace, host.Name), cancellationToken))
        {
            await engine.RemoveAsync(id, cancellationToken);
        }
    }

    /// <summary>A codespace that failed runs nothing.</summary>
    private async Task StopContainerAsync(Codespace codespace)
    {
        try
        {
            foreach (var id in await engine.ContainersAsync(LabelsOf(codespace, host.Name), CancellationToken.None))
            {
                await engine.StopAsync(id, TimeSpan.FromSeconds(5), CancellationToken.None);
            }
        }
        catch (EngineException)
        {
            // The engine may be what failed; the next start removes what it finds.
        }
    }

    public static Dictionary<string, string> LabelsOf(Codespace codespace, string host) =>
        new(StringComparer.Ordinal) { [GateScope.Label] = codespace.Name, [GateScope.HostLabel] = host };
}

/// <summary>Who works in the container: configuration, then the image's metadata label, then the image's user.</summary>
internal static class RemoteUsers
{
    public static string Of(DevcontainerConfiguration configuration, EngineImage image) =>
        configuration.RemoteUser ?? FromMetadata(image, "remoteUser") ?? configuration.ContainerUser ?? FromMetadata(image, "containerUser") ?? image.User ?? "root";

    /// <summary>For chown. Images of dev containers give their user 1000; which number another name has is known only inside the container.</summary>
    public static string OwnerOf(string user)
    {
        var name = user.Split(':')[0];
        return name is "root" or "0" ? "0:0" : name.All(char.IsAsciiDigit) && name.Length is > 0 and <= 9 ? $"{name}:{name}" : "1000:1000";
    }

    private static string? FromMetadata(EngineImage image, string property)
    {
        if (!image.Labels.TryGetValue("devcontainer.metadata", out var text))
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(text, new() { MaxDepth = 32 });
            var entries = document.RootElement.ValueKind == JsonValueKind.Array ? [.. document.RootElement.EnumerateArray()] : new[] { document.RootElement };
            return entries.Reverse()
                .Select(entry => entry.ValueKind == JsonValueKind.Object && entry.TryGetProperty(property, out var value) && value.ValueKind == JsonValueKind.String
                    ? value.GetString() : null)
                .FirstOrDefault(value => !string.IsNullOrEmpty(value));
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
