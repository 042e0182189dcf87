using Berth.Client.Wire;
using Berth.Server.Api.Bodies;

namespace Berth.Server.Webhooks;

/// <summary>What a request wants a hook to be.</summary>
internal sealed record HookRequestBody(HookChange Wanted)
{
    private static readonly string[] Events = ["package", "registry_package", "ping", "*"];

    public string? Secret => Wanted.Config?.Secret;

    public static async Task<HookRequestBody> ReadAsync(HttpRequest request, bool creating, CancellationToken cancellationToken) =>
        new(await RequestBody.ReadAsync<HookChange>(
            request, "Hook", (wanted, faults) => Check(wanted, creating, faults), cancellationToken));

    public HookRow ApplyTo(HookRow row) => row with
    {
        Active = Wanted.Active ?? row.Active,
        Events = Wanted.Events is { } events ? string.Join(' ', events.Distinct(StringComparer.Ordinal)) : row.Events,
        Url = Wanted.Config?.Url ?? row.Url,
        ContentType = Wanted.Config?.ContentType ?? (Wanted.Config is not null && row.Id == 0 ? "form" : row.ContentType),
        Format = Wanted.Config?.Format ?? row.Format,
    };

    private static void Check(HookChange wanted, bool creating, BodyFaults faults)
    {
        if (creating && wanted.Config?.Url is null)
        {
            faults.Add("config", "config.url says where to send");
        }

        if (wanted.Config?.Url is { } url
            && !(Uri.TryCreate(url, UriKind.Absolute, out var parsed) && parsed.Scheme is "http" or "https" && parsed.UserInfo.Length == 0))
        {
            faults.Add("config", "config.url must be an http or https URL without user name and password");
        }

        if (wanted.Config?.InsecureSsl is { } insecure and not "0")
        {
            faults.Add(
                "config",
                $"config.insecure_ssl cannot be {insecure}: certificates are verified; the operator can trust others by BERTH_CA_FILE");
        }

        if (wanted.Name is { } name and not "web")
        {
            faults.Add("name", $"name must be web, not {name}");
        }

        if (wanted.Events is { } events && (events.Count == 0 || events.Any(one => !Events.Contains(one, StringComparer.Ordinal))))
        {
            faults.Add("events", "events must be some of package, registry_package and *");
        }
    }
}
