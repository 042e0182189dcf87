using Berth.Client.Wire;
using Spectre.Console;

namespace Berth.Cli.Commands;

/// <summary>
/// Logins for other registries. The server tries a login as somebody would with docker, because codespaces pull from the server's machine.
/// </summary>
internal static class RegistryCommands
{
    public static BerthCommand Build() => BerthCommand.Group(
        "registry",
        "Logins of other container registries, which codespaces pull from by three secrets that share a prefix.",
        ["berth registry check ghcr.io --username ada < token", "berth registry check --repo acme/app"],
        Check());

    private static BerthCommand Check()
    {
        var server = new System.CommandLine.Argument<string?>("SERVER")
        {
            Description = "The registry: host, host:port or host/path; without it, secrets are checked",
            Arity = System.CommandLine.ArgumentArity.ZeroOrOne,
        };
        var user = Arguments.Option("--username", "The user name; the password is read from standard input or a prompt");
        var repository = new System.CommandLine.Option<string>("--repo")
        {
            Description = "The secrets that your codespaces of this repository get",
            HelpName = "OWNER/NAME",
        };
        var prefix = new System.CommandLine.Option<string>("--prefix")
        {
            Description = "Only the secrets PREFIX_CONTAINER_REGISTRY_…",
            HelpName = "PREFIX",
        };
        var image = new System.CommandLine.Option<string>("--image")
        {
            Description = "An image that the login should be able to pull",
            HelpName = "IMAGE",
        };
        return BerthCommand.Of(
            "check",
            "Try a registry's login from the server, as docker login does, and say why it fails. Ends with 1 when one does not work.",
            [
                "berth registry check mycompany.azurecr.io --username ada < password",
                "berth registry check --repo acme/app",
                "berth registry check --repo acme/app --prefix ACR --image mycompany.azurecr.io/acme/app-dev:1",
            ],
            [server, user, repository, prefix, image],
            async call =>
            {
                var request = await ReadAsync(call, call.Get(server), call.Get(user), call.Get(repository), call.Get(prefix)) with
                {
                    Image = call.Get(image),
                };
                var report = await call.Client.CheckRegistryAsync(request, call.CancellationToken);
                call.Print(report, (writer, found) => Show(writer, found));
                if (!report.Ok)
                {
                    throw new CommandException(ExitCodes.Failed, report.Checks.Count == 0 ? "no login was found to check" : "");
                }
            });
    }

    /// <summary>Prints one line for each registry and for each set that does not count.</summary>
    public static void Show(TextWriter writer, RegistryCheckReport report)
    {
        foreach (var check in report.Checks)
        {
            var name = check.Prefix is null ? "" : $" ({check.Prefix} at {check.Level} level)";
            var details = string.Join(
                ", ",
                new[]
                {
                    check.Platforms is { Count: > 0 } platforms ? string.Join(" ", platforms) : null,
                    check.Size is { } size ? $"{size / 1048576.0:0.0} MiB" : null,
                }
                    .Where(text => text is not null));
            writer.WriteLine(
                $"{(check.Outcome == "allowed" ? "ok" : "failed")}: {check.Message}{name}{(details.Length > 0 ? $": {details}" : "")}");
        }

        foreach (var set in report.Sets.Where(set => set.Outcome != "counts"))
        {
            writer.WriteLine($"{set.Outcome}: {set.Message}");
        }
    }

    private static async Task<RegistryCheckRequest> ReadAsync(
        CommandCall call, string? server, string? user, string? repository, string? prefix)
    {
        if (server is null)
        {
            return user is null
                ? new RegistryCheckRequest { Repository = repository, SecretPrefix = prefix }
                : throw new CommandException(ExitCodes.Usage, "--username needs the SERVER");
        }

        if (repository is not null || prefix is not null)
        {
            throw new CommandException(ExitCodes.Usage, "give a SERVER, or --repo and --prefix for secrets");
        }

        if (user is null)
        {
            return new RegistryCheckRequest { Server = server };
        }

        var password = call.Terminal.Interactive
            ? await new TextPrompt<string>($"Password of {user}:").Secret().ShowAsync(call.Terminal.Screen(), call.CancellationToken)
            : (await call.Terminal.In.ReadToEndAsync(call.CancellationToken)).TrimEnd('\r', '\n');
        return password.Length > 0
            ? new RegistryCheckRequest { Server = server, Username = user, Password = password }
            : throw new CommandException(
                ExitCodes.Usage, $"no password; for example: berth registry check {server} --username {user} < file");
    }
}
