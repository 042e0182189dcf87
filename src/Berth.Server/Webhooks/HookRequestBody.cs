using Berth.Client.Wire;
using Berth.Server.Api;
using Berth.Server.Api.Bodies;
using Berth.Server.Http;

namespace Berth.Server.Webhooks;

/// <summary>The settings of a hook in a request's body.</summary>
internal sealed record HookRequestBody(HookChange Wanted)
{
    private static readonly string[] Events = ["package", "registry_package", "ping", "*"];

    public string? Secret => Wanted.Config?.Secret;

    public static async Task<HookRequestBody> ReadAsync(HttpRequest request, bool creating, CancellationToken cancellationToken) =>
        new(await RequestBody.ReadAsync<HookChange>(
            request, "Hook", (wanted, faults) => Check(wanted, creating, faults), cancellationToken));

    /// <summary>Reads a change of only the configuration.</summary>
    public static async Task<HookRequestBody> ReadConfigAsync(HttpRequest request, CancellationToken cancellationToken) =>
        new(new HookChange
        {
            Config = await RequestBody.ReadAsync<HookConfig>(
                request, "Hook", (config, faults) => CheckConfig(config, "", faults), cancellationToken),
        });

    /// <exception cref="ApiException">422: the hook would have no events left.</exception>
    public HookRow ApplyTo(HookRow row) => row with
    {
        Active = Wanted.Active ?? row.Active,
        Events = string.Join(' ', EventsAfter(row)),
        Url = Wanted.Config?.Url ?? row.Url,
        ContentType = Wanted.Config?.ContentType ?? (Wanted.Config is not null && row.Id == 0 ? "form" : row.ContentType),
        Format = Wanted.Config?.Format ?? row.Format,
    };

    private List<string> EventsAfter(HookRow row)
    {
        List<string> events =
        [
            .. (Wanted.Events ?? row.EventList).Concat(Wanted.AddEvents ?? []).Except(Wanted.RemoveEvents ?? [], StringComparer.Ordinal),
        ];
        if (events.Count == 0)
        {
            ApiErrors.Unprocessable("Hook", "remove_events", "a webhook hears of one event at least; active: false switches it off")
                .Throw();
        }

        return events;
    }

    private static void Check(HookChange wanted, bool creating, BodyFaults faults)
    {
        if (creating && wanted.Config?.Url is null)
        {
            faults.Add("config", "config.url says where to send");
        }

        CheckConfig(wanted.Config ?? new HookConfig(), "config.", faults);
        if (wanted.Name is { } name and not "web")
        {
            faults.Add("name", $"name must be web, not {name}");
        }

        if (wanted.Events is { Count: 0 })
        {
            faults.Add("events", EventsRule("events"));
        }

        foreach (var (field, events) in new[]
        {
            ("events", wanted.Events), ("add_events", wanted.AddEvents), ("remove_events", wanted.RemoveEvents),
        })
        {
            if (events?.Any(one => !Events.Contains(one, StringComparer.Ordinal)) == true)
            {
                faults.Add(field, EventsRule(field));
            }
        }
    }

    private static string EventsRule(string field) => $"{field} must be some of package, registry_package and *";

    /// <param name="place">The prefix of the configuration's fields in the body: <c>config.</c>, or empty.</param>
    private static void CheckConfig(HookConfig config, string place, BodyFaults faults)
    {
        if (config.Url is { } url
            && !(Uri.TryCreate(url, UriKind.Absolute, out var parsed) && parsed.Scheme is "http" or "https" && parsed.UserInfo.Length == 0))
        {
            faults.Add(place + "url", $"{place}url must be an http or https URL without user name and password");
        }

        if (config.InsecureSsl is { } insecure and not "0")
        {
            faults.Add(
                place + "insecure_ssl",
                $"{place}insecure_ssl cannot be {insecure}: certificates are verified; the operator can trust others by BERTH_CA_FILE");
        }
    }
}
