using System.Collections.Concurrent;
using System.Text;
using Berth.Server.Access;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Codespaces.Images;
using Berth.Server.Faults;
using Berth.Server.Registries;
using Berth.Server.Database;
using Berth.Server.Http;
using Berth.Server.Secrets;

namespace Berth.Server.Codespaces.Environment;

/// <summary>Collects what a codespace gets inside (variables, logins, <c>BERTH_URL</c>) and keeps it up to date there.</summary>
internal sealed partial class EnvironmentContents(
    Db db, EnvironmentStates states, EnvironmentFiles files, BerthEnvironment berth, NpmInside npm, AddressOptions address,
    OutgoingOptions outgoing,
    ILogger<EnvironmentContents> logger)
{
    private const string SystemCertificates = "/etc/ssl/certs/ca-certificates.crt";

    private readonly ConcurrentDictionary<long, DateTimeOffset?> _refresh = new();

    private sealed record Owner
    {
        public string Login { get; init; } = "";

        public string? Name { get; init; }

        public string? Email { get; init; }

        public bool ExportRegistrySecrets { get; init; } = true;
    }

    /// <summary>Runs at every start. New and changed secrets take effect here.</summary>
    /// <param name="log">The creation log, which learns here what to mask.</param>
    public async Task<CodespaceEnvironment> BeginAsync(
        Codespace codespace, RepositoryFacts repository, string token, SecretsOfCodespace secrets, DockerLogins logins,
        CodespaceLogWriter log, CancellationToken cancellationToken)
    {
        var owner = await OwnerAsync(codespace, repository, cancellationToken);
        var inside = EnvironmentVariables.Of(
            codespace.Name, repository.FullName, owner.Login, token, secrets.Environment,
            owner.ExportRegistrySecrets,
            address, outgoing);

        // Do not mask the name of a registry: the log needs it to explain a failed login.
        log.Mask(
            secrets.Environment.Where(secret => !secret.Key.EndsWith("_CONTAINER_REGISTRY_SERVER", StringComparison.Ordinal))
                .Select(secret => secret.Value));
        if (secrets.Environment.Count > 0)
        {
            log.Write("secrets", secrets.Summary);
        }

        if (secrets.NotHere is { } elsewhere)
        {
            var organization = secrets.Elsewhere.Any(secret => secret.Level == SecretLevel.Organization)
                ? $" (with --org {repository.OwnerLogin} for the organization's)"
                : "";
            log.Write(
                "secrets", Fault.Shown(elsewhere, $"berth secret repos add NAME {repository.FullName}{organization}, then stop and start"));
        }

        foreach (var line in inside.Report)
        {
            log.Write("secrets", line);
        }

        if (GitSigning.Remark(inside.Variables) is { } signing)
        {
            log.Write("secrets", signing);
        }

        var before = await states.FindAsync(codespace.Id, cancellationToken);
        var state = new EnvironmentState
        {
            Token = token,
            Variables = inside.Variables,
            Logins = logins,
            Npm = await npm.ForAsync(codespace, repository, token, cancellationToken),
            GitAuthor = GitAuthor.Of(owner.Login, owner.Name, owner.Email, address.BaseUri.Host),
            OwnDockerConfiguration = before.OwnDockerConfiguration,
        };
        await states.StoreAsync(codespace.Id, state, cancellationToken);
        _refresh[codespace.Id] = logins.RefreshAt;

        return new CodespaceEnvironment(
            inside.Variables, (container, user, question, cancel) => EnterAsync(codespace, container, user, question, log, cancel));
    }

    /// <summary>True when logins of a running codespace are due to be renewed.</summary>
    public async Task<bool> IsStaleAsync(Codespace codespace, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (!_refresh.TryGetValue(codespace.Id, out var at))
        {
            _refresh[codespace.Id] = at = (await states.FindAsync(codespace.Id, cancellationToken)).Logins.RefreshAt;
        }

        return at <= now;
    }

    /// <summary>
    /// Sets the logins of git inside, from now until the codespace stops. Called before the files of a container are written.
    /// </summary>
    public async Task SetGitLoginsAsync(Codespace codespace, IReadOnlyList<GitLogin> logins, CancellationToken cancellationToken) =>
        await states.StoreAsync(
            codespace.Id, await states.FindAsync(codespace.Id, cancellationToken) with { GitLogins = logins }, cancellationToken);

    /// <summary>Remembers the variables that the dev container itself sets for processes, from now until the codespace stops.</summary>
    public async Task RememberAsync(
        Codespace codespace, IReadOnlyDictionary<string, string> remote, CancellationToken cancellationToken) =>
        await states.StoreAsync(
            codespace.Id, await states.FindAsync(codespace.Id, cancellationToken) with { Remote = remote }, cancellationToken);

    /// <summary>The environment for a process in a running codespace, as its start determined it.</summary>
    /// <returns>Variables as NAME=VALUE.</returns>
    public async Task<IReadOnlyList<string>> ProcessEnvironmentAsync(Codespace codespace, CancellationToken cancellationToken)
    {
        var state = await states.FindAsync(codespace.Id, cancellationToken);
        return ProcessEnvironment.Of(state.Remote, state.Variables);
    }

    /// <summary>Makes <c>BERTH_URL</c> work again in a running codespace after a restart of the server.</summary>
    public async Task KeepAsync(EngineContainer container, CancellationToken cancellationToken)
    {
        if (await berth.EnsureAsync(container, cancellationToken) is { } fault)
        {
            LogEnvironment(container.Id, fault);
        }
    }

    /// <summary>Writes new logins into a running codespace, since the logins of some registries last only hours.</summary>
    public async Task RefreshAsync(Codespace codespace, DockerLogins logins, CancellationToken cancellationToken)
    {
        var state = await states.FindAsync(codespace.Id, cancellationToken);
        if (state.IsRunning && codespace is { ContainerId: { } container, RemoteUser: { } user })
        {
            if ((await UpdateAsync(state, null, logins, container, user, null, cancellationToken)).Fault is { } fault)
            {
                LogEnvironment(container, fault);
                return;
            }

            await states.StoreAsync(codespace.Id, state with { Logins = logins }, cancellationToken);
            _refresh[codespace.Id] = logins.RefreshAt;
        }
    }

    /// <summary>
    /// Runs before the container stops. A login that the person made inside is kept for the next start, and everything else ends.
    /// </summary>
    public async Task EndAsync(Codespace codespace, EngineContainer? container, CancellationToken cancellationToken)
    {
        var state = await states.FindAsync(codespace.Id, cancellationToken);
        if (container is { Running: true } && state.IsRunning && codespace.RemoteUser is { } user)
        {
            var current = await files.ReadDockerConfigurationAsync(container.Id, user, cancellationToken);
            await states.StoreAsync(
                codespace.Id, state with { OwnDockerConfiguration = OwnPart(current, state.Logins) }, cancellationToken);
        }

        if (codespace.ContainerId is { } gone)
        {
            berth.Close(gone);
        }

        _refresh.TryRemove(codespace.Id, out _);
        await states.EndAsync(codespace.Id, cancellationToken);
    }

    /// <summary>Closes the listener in a container that stops or is removed. It would keep the container's network alive.</summary>
    public void Leave(string container) => berth.Close(container);

    /// <returns>What the shell printed. Null: nothing.</returns>
    private async Task<string?> EnterAsync(
        Codespace codespace, EngineContainer container, string user, ShellQuestion? question, CodespaceLogWriter log,
        CancellationToken cancellationToken)
    {
        // The file on the tmpfs was lost at the last stop, so it is written again.
        var state = await states.FindAsync(codespace.Id, cancellationToken);
        var entered = await UpdateAsync(
            state, state.OwnDockerConfiguration, state.Logins, container.Id, user, question, cancellationToken);
        if (entered.Fault is { } fault)
        {
            log.Write("inside", fault);
        }

        if (entered.Note is { } note)
        {
            log.Write("inside", note);
        }

        if (await berth.EnsureAsync(container, cancellationToken) is { } unreachable)
        {
            log.Write("inside", unreachable);
        }

        return entered.Answer;
    }

    private Task<EnteredContainer> UpdateAsync(
        EnvironmentState state, string? own, DockerLogins logins, string container, string user, ShellQuestion? question,
        CancellationToken cancellationToken) =>
        files.UpdateAsync(
            container, user,
            current => new(
                logins.MergeInto(current ?? own, state.Logins), Certificates(), state.Npm,
                new GitInside(state.GitAuthor, state.GitLogins, GitSigning.KeyOf(state.Variables))),
            question, cancellationToken);

    /// <summary>The part of docker's configuration that Berth did not write. Null when there is none.</summary>
    internal static string? OwnPart(string? current, DockerLogins written) =>
        current is null
            ? null
            : new DockerLogins([]).MergeInto(current, written) is var own && own is "{}" or """{"auths":{}}""" ? null : own;

    /// <summary>Programs take one file of certificates: the system's and the operator's together.</summary>
    private string Certificates()
    {
        if (string.IsNullOrEmpty(outgoing.CaFile))
        {
            return "";
        }

        var text = new StringBuilder(File.ReadAllText(outgoing.CaFile)).Append('\n');
        return File.Exists(SystemCertificates) ? text.Append(File.ReadAllText(SystemCertificates)).ToString() : text.ToString();
    }

    private Task<Owner> OwnerAsync(Codespace codespace, RepositoryFacts repository, CancellationToken cancellationToken) => db.ReadAsync(
        session => session.SingleAsync<Owner>(
            """
            select a.login, a.name, a.email,
                   coalesce((select o.export_registry_secrets from organizations o
                     where o.account_id = @organization), true) as export_registry_secrets
            from accounts a where a.id = @user
            """,
            new { user = codespace.OwnerId, organization = repository.OwnerId }),
        cancellationToken);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Codespaces: in container {Container}: {Fault}")]
    private partial void LogEnvironment(string container, string fault);
}
