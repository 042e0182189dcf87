using System.CommandLine;
using Berth.Client.Wire;

namespace Berth.Cli.Commands;

/// <summary>Webhooks, which tell other servers about packages.</summary>
internal static class HookCommands
{
    public static BerthCommand Build() => BerthCommand.Group(
        "hook",
        "Webhooks of a repository or an organization: who is told when packages are published, changed and deleted.",
        [
            "berth hook add acme --url https://ci.example.test/hooks --secret-file ./secret",
            "berth hook deliveries acme 7",
        ],
        List(),
        Add(),
        Remove(),
        Ping(),
        Deliveries(),
        Redeliver());

    private static Argument<string> Place() => new("WHERE") { Description = "A repository, OWNER/NAME, or an organization" };

    private static Argument<long> Id() => new("ID") { Description = "The hook's id, from berth hook ls" };

    private static BerthCommand List()
    {
        var place = Place();
        return BerthCommand.Of(
            "ls",
            "List webhooks, and how their newest deliveries ended.",
            ["berth hook ls acme", "berth hook ls acme/app"],
            [place],
            async call => call.PrintList(
                await call.Client.HooksAsync(call.Get(place), call.CancellationToken),
                "There are no webhooks.",
                ("ID", hook => $"{hook.Id}"),
                ("URL", hook => hook.Config.Url),
                ("EVENTS", hook => string.Join(',', hook.Events)),
                ("ACTIVE", hook => hook.Active ? "yes" : "no"),
                ("LAST", hook => hook.LastResponse?.Status)));
    }

    private static BerthCommand Add()
    {
        var place = Place();
        var url = Arguments.Option("--url", "Where to send; http or https");
        url.Required = true;
        var secret = Arguments.Option("--secret-file", "A file with the secret that signs what is sent; - reads it from standard input");
        var events = new Option<string[]>("--events")
        {
            Description = "package (the default), registry_package, or *, separated by commas",
        };
        var type = Arguments.OneOf("--content-type", "How the body is written (default json)", "json", "form");
        var format = Arguments.OneOf("--format", "github (the default), or cloudevents: CloudEvents 1.0", "github", "cloudevents");
        return BerthCommand.Of(
            "add",
            "Add a webhook and ping it.",
            ["berth hook add acme --url https://ci.example.test/hooks --secret-file ./secret"],
            [place, url, secret, events, type, format],
            async call => call.Print(
                await call.Client.CreateHookAsync(
                    call.Get(place),
                    new HookChange
                    {
                        Events = Arguments.Split(call.Get(events)) ?? ["package"],
                        Config = new HookConfig
                        {
                            Url = call.Get(url),
                            Secret = await SecretAsync(call, call.Get(secret)),
                            ContentType = call.Get(type) ?? "json",
                            Format = call.Get(format),
                        },
                    },
                    call.CancellationToken),
                (writer, hook) => CommandCall.Details(
                    writer, ("Id", hook.Id), ("URL", hook.Config.Url), ("Events", string.Join(',', hook.Events)))));
    }

    private static async Task<string?> SecretAsync(CommandCall call, string? file) => file switch
    {
        null => null,
        "-" => (await call.Terminal.In.ReadToEndAsync(call.CancellationToken)).Trim(),
        _ => (await File.ReadAllTextAsync(file, call.CancellationToken)).Trim(),
    };

    private static BerthCommand Remove()
    {
        var (place, id) = (Place(), Id());
        return BerthCommand.Of(
            "rm",
            "Remove a webhook, and what is known of its deliveries.",
            ["berth hook rm acme 7"],
            [place, id],
            async call =>
            {
                await call.Client.DeleteHookAsync(call.Get(place), call.Get(id), call.CancellationToken);
                call.WriteDone($"Hook {call.Get(id)} is removed.");
            });
    }

    private static BerthCommand Ping()
    {
        var (place, id) = (Place(), Id());
        return BerthCommand.Of(
            "ping",
            "Send the event ping to a webhook.",
            ["berth hook ping acme 7"],
            [place, id],
            async call =>
            {
                await call.Client.PingHookAsync(call.Get(place), call.Get(id), call.CancellationToken);
                call.WriteDone($"Pinged; see: berth hook deliveries {call.Get(place)} {call.Get(id)}");
            });
    }

    private static BerthCommand Deliveries()
    {
        var (place, id) = (Place(), Id());
        return BerthCommand.Of(
            "deliveries",
            "List what was sent to a webhook, the newest first, and how it ended.",
            ["berth hook deliveries acme 7"],
            [place, id],
            async call => call.PrintList(
                await call.Client.HookDeliveriesAsync(call.Get(place), call.Get(id), call.CancellationToken),
                "Nothing was sent yet.",
                ("ID", delivery => $"{delivery.Id}"),
                ("EVENT", delivery => delivery.Action is null ? delivery.Event : $"{delivery.Event}.{delivery.Action}"),
                ("WHEN", delivery => delivery.DeliveredAt is { } at ? $"{at:yyyy-MM-dd HH:mm:ss}" : ""),
                ("CODE", delivery => $"{delivery.StatusCode}"),
                ("STATUS", delivery => delivery.Status),
                ("TRIES", delivery => $"{delivery.Attempts}"),
                ("AGAIN", delivery => delivery.NextAttemptAt is { } next ? $"{next:HH:mm:ss}" : "")));
    }

    private static BerthCommand Redeliver()
    {
        var (place, id) = (Place(), Id());
        var delivery = new Argument<long>("DELIVERY") { Description = "The delivery's id, from berth hook deliveries" };
        return BerthCommand.Of(
            "redeliver",
            "Send a delivery again.",
            ["berth hook redeliver acme 7 42"],
            [place, id, delivery],
            async call =>
            {
                await call.Client.RedeliverAsync(call.Get(place), call.Get(id), call.Get(delivery), call.CancellationToken);
                call.WriteDone("It is sent again.");
            });
    }
}
