using System.CommandLine;
using Berth.Client;
using Berth.Client.Wire;
using Spectre.Console;

namespace Berth.Cli.Commands;

/// <summary>
/// Secrets of codespaces. Values come from standard input, a file or a prompt, never from an argument, which everybody on the machine could
/// read. They are sealed here, for a key of their owner.
/// </summary>
internal static class SecretCommands
{
    private const int LargestBytes = 48 * 1024;

    public static BerthCommand Build() => BerthCommand.Group(
        "secret",
        "Secrets that codespaces get as environment variables, and registry passwords: yours, a repository's or an organization's.",
        [
            "berth secret set NPM_TOKEN --repos acme/app < token",
            "berth secret set --repo acme/app -f registry.env",
            "berth secret list --org acme",
        ],
        Set(),
        List(),
        Delete(),
        BerthCommand.Group(
            "repos",
            "The repositories whose codespaces get one of your secrets, or one of an organization's with visibility selected.",
            ["berth secret repos list NPM_TOKEN", "berth secret repos add NPM_TOKEN acme/app"],
            ListRepositories(),
            ChangeRepositories(
                "set", "Select exactly these repositories.",
                (call, level, name, ids) => call.Client.SetSecretRepositoriesAsync(level, name, ids, call.CancellationToken)),
            ChangeRepositories(
                "add",
                "Select more repositories.",
                (
                    call, level, name,
                    ids) => EachAsync(ids, id => call.Client.AddSecretRepositoryAsync(level, name, id, call.CancellationToken))),
            ChangeRepositories(
                "remove",
                "Select repositories no longer.",
                (
                    call, level, name,
                    ids) => EachAsync(ids, id => call.Client.RemoveSecretRepositoryAsync(level, name, id, call.CancellationToken)))));

    private static BerthCommand Set()
    {
        var name = OptionalName();
        var level = new LevelOptions();
        var visibility = Arguments.OneOf(
            "--visibility", "Organizations: which repositories' codespaces get it (new secrets: private)", "all", "private", "selected");
        var repositories = new Option<string[]>("--repos")
        {
            Description = "The repositories that are selected, owner/name, separated by commas",
            HelpName = "OWNER/NAME,…",
        };
        var valueFile = new Option<string>("--value-file")
        {
            Description = "Read the value from this file, byte for byte as UTF-8",
            HelpName = "FILE",
        };
        var environmentFile = new Option<string>("--env-file", "-f")
        {
            Description = "Set every NAME=value of this .env file; - for standard input",
            HelpName = "FILE",
        };
        return BerthCommand.Of(
            "set",
            "Set a secret, from standard input, a file or a prompt; or all those of a .env file. A running codespace gets it at its next "
                + "stop and start.",
            [
                "berth secret set NPM_TOKEN --repos acme/app,acme/web < token",
                "berth secret set ACR_CONTAINER_REGISTRY_PASSWORD --repo acme/app",
                "berth secret set SIGNING_KEY --org acme --visibility private --value-file key.pem",
                "berth secret set --org acme -f registry.env",
            ],
            [name, .. level.All, visibility, repositories, valueFile, environmentFile],
            async call =>
            {
                var owner = level.Read(call);
                if (call.Get(visibility) is not null && call.Get(level.Organization) is null)
                {
                    throw new CommandException(ExitCodes.Usage, "--visibility is for organizations; add --org ORG");
                }

                var values = await ReadAsync(call, call.Get(name), call.Get(valueFile), call.Get(environmentFile));
                var selected = await SelectedAsync(call, level, Arguments.Split(call.Get(repositories)));
                var key = await call.Client.SecretPublicKeyAsync(owner, call.CancellationToken);
                Dictionary<string, string> completed = new(StringComparer.Ordinal);
                foreach (var (secret, value) in values)
                {
                    var seen = call.Get(visibility)
                        ?? (selected is { Count: > 0 } && call.Get(level.Organization) is not null ? "selected" : null);
                    var before = await ExistingAsync(call, owner, secret);
                    if (call.Get(level.Organization) is not null)
                    {
                        seen ??= before?.Visibility ?? "private";
                    }

                    if (await call.Client.SetSecretAsync(owner, secret, value, key, seen, selected, call.CancellationToken))
                    {
                        completed[PrefixOf(secret)] = secret;
                    }

                    Told(call, owner, secret, before, seen, selected);
                }

                // The server has tried the login of each registry that is complete now, so show the results.
                foreach (var secret in completed.Values)
                {
                    RegistryCommands.Show(call.Terminal.Error, await call.Client.SecretCheckAsync(owner, secret, call.CancellationToken));
                }
            });
    }

    private static BerthCommand List()
    {
        var level = new LevelOptions();
        return BerthCommand.Of(
            "list",
            "List secrets. Values are never shown.",
            ["berth secret list", "berth secret list --repo acme/app", "berth secret list --org acme --json"],
            level.All,
            async call =>
            {
                var owner = level.Read(call);
                var secrets = await call.Client.SecretsAsync(owner, call.CancellationToken);
                Dictionary<string, int> selected = new(StringComparer.Ordinal);
                foreach (var secret in call.Json ? [] : secrets.Where(secret => secret.Visibility == "selected"))
                {
                    selected[secret.Name] = (await call.Client.SecretRepositoriesAsync(owner, secret.Name, call.CancellationToken)).Count;
                }

                call.PrintList(
                    secrets,
                    "There are no secrets.",
                    ("NAME", secret => secret.Name),
                    (
                        "UPDATED",
                        secret => secret.UpdatedAt.UtcDateTime.ToString(
                            "yyyy-MM-dd HH:mm'Z'", System.Globalization.CultureInfo.InvariantCulture)),
                    ("FOR", secret => For(secret, selected)));
            });
    }

    private static BerthCommand Delete()
    {
        var name = Arguments.Text("NAME", "The secret");
        var level = new LevelOptions();
        return BerthCommand.Of(
            "delete",
            "Delete a secret. Codespaces keep what they have until their next stop.",
            ["berth secret delete NPM_TOKEN", "berth secret delete NPM_TOKEN --org acme"],
            [name, .. level.All],
            async call =>
            {
                var owner = level.Read(call);
                await call.Client.DeleteSecretAsync(owner, call.Get(name), call.CancellationToken);
                call.WriteDone($"Deleted {call.Get(name).ToUpperInvariant()} ({owner}).");
            });
    }

    private static BerthCommand ListRepositories()
    {
        var name = Arguments.Text("NAME", "The secret");
        var organization = Organization();
        return BerthCommand.Of(
            "list",
            "List the repositories that a secret selects.",
            ["berth secret repos list NPM_TOKEN", "berth secret repos list NPM_TOKEN --org acme"],
            [name, organization],
            async call => call.PrintList(
                await call.Client.SecretRepositoriesAsync(LevelOf(call, organization), call.Get(name), call.CancellationToken),
                "No repository is selected, so no codespace gets the secret.",
                ("REPOSITORY", repository => repository.FullName),
                ("VISIBILITY", repository => repository.Visibility)));
    }

    private static BerthCommand ChangeRepositories(
        string verb, string description, Func<CommandCall, SecretLevel, string, List<long>, Task> change)
    {
        var name = Arguments.Text("NAME", "The secret");
        var organization = Organization();
        var repositories = new Argument<string[]>("OWNER/NAME")
        {
            Description = "Repositories",
            Arity = verb == "set" ? ArgumentArity.ZeroOrMore : ArgumentArity.OneOrMore,
        };
        return BerthCommand.Of(
            verb,
            description,
            [$"berth secret repos {verb} NPM_TOKEN acme/app acme/web", $"berth secret repos {verb} NPM_TOKEN acme/app --org acme"],
            [name, repositories, organization],
            async call =>
            {
                var ids = await IdsAsync(call, Arguments.Split(call.Get(repositories)) ?? [], call.Get(organization));
                await change(call, LevelOf(call, organization), call.Get(name), ids);
                var now = await call.Client.SecretRepositoriesAsync(LevelOf(call, organization), call.Get(name), call.CancellationToken);
                call.WriteDone(now.Count == 0
                    ? $"{call.Get(name).ToUpperInvariant()} selects no repository, so no codespace gets it."
                    : $"{call.Get(name).ToUpperInvariant()} is for codespaces "
                        + $"of {string.Join(", ", now.Select(repository => repository.FullName))}.");
            });
    }

    private static string PrefixOf(string name) => name.ToUpperInvariant().Split("_CONTAINER_REGISTRY_")[0];

    private static string For(Secret secret, Dictionary<string, int> selected) => secret.Visibility switch
    {
        "all" => "all repositories",
        "private" => "private and internal repositories",
        "selected" =>
            selected.GetValueOrDefault(secret.Name) switch
            {
                0 => "no repository yet",
                1 => "1 repository",
                var count => $"{count} repositories",
            },
        _ => "this repository",
    };

    private static void Told(CommandCall call, SecretLevel owner, string name, Secret? before, string? visibility, List<long>? selected)
    {
        var upper = name.ToUpperInvariant();
        call.WriteDone(
            $"{(before is null ? "Set" : "Updated")} {upper} ({owner}{(visibility is null ? "" : $", visibility {visibility}")}).");
        if (before is null && selected is null && (owner == SecretLevel.User || visibility == "selected"))
        {
            call.WriteDone(
                $"No codespace gets it yet; select repositories: berth secret repos "
                    + $"set {upper}{(owner == SecretLevel.User ? "" : $" --org {owner}")} OWNER/NAME");
        }
    }

    private static async Task<Secret?> ExistingAsync(CommandCall call, SecretLevel owner, string name)
    {
        try
        {
            return await call.Client.SecretAsync(owner, name, call.CancellationToken);
        }
        catch (BerthException exception) when (exception.Status == System.Net.HttpStatusCode.NotFound)
        {
            return null;
        }
    }

    private static async Task<IReadOnlyList<KeyValuePair<string, string>>> ReadAsync(
        CommandCall call, string? name, string? valueFile, string? environmentFile)
    {
        if ((name is null) == (environmentFile is null) || (environmentFile is not null && valueFile is not null))
        {
            throw new CommandException(ExitCodes.Usage, "give the name of one secret, or -f with a .env file of several");
        }

        if (environmentFile is not null)
        {
            var text = environmentFile == "-"
                ? await call.Terminal.In.ReadToEndAsync(call.CancellationToken)
                : await FileAsync(call, environmentFile);
            var values = EnvironmentFile.Parse(text);
            return values.Count > 0 ? [.. values.Select(pair => new KeyValuePair<string, string>(pair.Key, Fitting(pair.Key, pair.Value)))]
                : throw new CommandException(ExitCodes.Usage, $"{environmentFile} has no NAME=value");
        }

        var value = valueFile is not null ? await FileAsync(call, valueFile)
            : call.Terminal.Interactive
            ? await new TextPrompt<string>($"Value of {name}:").Secret().ShowAsync(call.Terminal.Screen(), call.CancellationToken)
            : (await call.Terminal.In.ReadToEndAsync(call.CancellationToken)).TrimEnd('\r', '\n');
        return value.Length > 0
            ? [new(name!, Fitting(name!, value))]
            : throw new CommandException(ExitCodes.Usage, $"no value; for example: berth secret set {name} < file");
    }

    private static string Fitting(string name, string value) => System.Text.Encoding.UTF8.GetByteCount(value) <= LargestBytes
        ? value
        : throw new CommandException(
            ExitCodes.Usage,
            $"the value of {name} has more than 48 KB; encrypt a larger file, keep it in the repository and set its passphrase");

    private static async Task<string> FileAsync(CommandCall call, string path)
    {
        try
        {
            return await File.ReadAllTextAsync(
                path, new System.Text.UTF8Encoding(false, throwOnInvalidBytes: true), call.CancellationToken);
        }
        catch (System.Text.DecoderFallbackException)
        {
            throw new CommandException(
                ExitCodes.Usage, $"{path} is not UTF-8 text; a secret becomes an environment variable, so write binary files in base64");
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new CommandException(ExitCodes.Usage, exception.Message);
        }
    }

    private static async Task<List<long>?> SelectedAsync(CommandCall call, LevelOptions level, List<string>? repositories)
    {
        if (repositories is null)
        {
            return null;
        }

        return call.Get(level.Repository) is null
            ? await IdsAsync(call, repositories, call.Get(level.Organization))
            : throw new CommandException(ExitCodes.Usage, "a repository's secret is its own; --repos is for your secrets and for --org");
    }

    private static async Task<List<long>> IdsAsync(CommandCall call, List<string> repositories, string? organization)
    {
        List<long> ids = [];
        foreach (var text in repositories)
        {
            var fullName = text.Contains('/', StringComparison.Ordinal) ? text
                : organization is not null ? $"{organization}/{text}"
                : throw new CommandException(ExitCodes.Usage, $"'{text}' is no repository; write owner/name");
            ids.Add((await call.Client.RepositoryAsync(fullName, call.CancellationToken)).Id);
        }

        return ids;
    }

    private static async Task EachAsync(List<long> ids, Func<long, Task> change)
    {
        foreach (var id in ids)
        {
            await change(id);
        }
    }

    private static SecretLevel LevelOf(CommandCall call, Option<string> organization) =>
        call.Get(organization) is { } org ? SecretLevel.Organization(org) : SecretLevel.User;

    private static Argument<string?> OptionalName() =>
        new("NAME") { Description = "The secret: letters, digits and _; upper case whatever is written", Arity = ArgumentArity.ZeroOrOne };

    private static Option<string> Organization() =>
        new("--org") { Description = "The organization whose secret it is; else it is yours", HelpName = "ORG" };

    private sealed class LevelOptions
    {
        public Option<string> Repository { get; } = new("--repo") { Description = "A repository's secrets", HelpName = "OWNER/NAME" };

        public Option<string> Organization { get; } = new("--org") { Description = "An organization's secrets", HelpName = "ORG" };

        public Option<bool> User { get; } = new("--user") { Description = "Your own secrets (default)" };

        public Symbol[] All => [Repository, Organization, User];

        public SecretLevel Read(CommandCall call)
        {
            var (repository, organization) = (call.Get(Repository), call.Get(Organization));
            if ((repository is null ? 0 : 1) + (organization is null ? 0 : 1) + (call.Get(User) ? 1 : 0) > 1)
            {
                throw new CommandException(ExitCodes.Usage, "give one of --user, --repo and --org");
            }

            return repository is not null ? SecretLevel.Repository(repository.Contains('/', StringComparison.Ordinal)
                    ? repository
                    : throw new CommandException(ExitCodes.Usage, $"'{repository}' is no repository; write owner/name"))
                : organization is not null ? SecretLevel.Organization(organization)
                : SecretLevel.User;
        }
    }
}
