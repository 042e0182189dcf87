using System.Globalization;
using Berth.Client.Wire;
using Berth.Server.Api;
using Berth.Server.Cryptography;

namespace Berth.Server.Webhooks;

/// <summary>The owner of a hook: a repository or an organization.</summary>
internal sealed record HookPlace(string Kind, long Id, string Url)
{
    public long? RepositoryId => Kind == "repository" ? Id : null;

    public long? OrganizationId => Kind == "organization" ? Id : null;
}

/// <summary>A stored hook. Its secret is encrypted.</summary>
internal sealed record HookRow
{
    public long Id { get; init; }

    public long? OrganizationId { get; init; }

    public long? RepositoryId { get; init; }

    public bool Active { get; init; }

    /// <summary>Names separated by spaces.</summary>
    public string Events { get; init; } = "";

    public string Url { get; init; } = "";

    public string ContentType { get; init; } = "json";

    public string Format { get; init; } = "github";

    public byte[]? Value { get; init; }

    public long Version { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset UpdatedAt { get; init; }

    public string TargetType => RepositoryId is null ? "organization" : "repository";

    public long TargetId => RepositoryId ?? OrganizationId ?? 0;

    public IReadOnlyList<string> EventList => Events.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>What the secret is bound to.</summary>
    public static SecretIdentity Identity(long id, long version) => new("web", id, "hook", version);

    public bool Hears(string name) => EventList.Contains(name, StringComparer.Ordinal) || EventList.Contains("*", StringComparer.Ordinal);

    public Hook ToWire(string hooks, DeliveryRow? last = null)
    {
        var url = string.Create(CultureInfo.InvariantCulture, $"{hooks}/{Id}");
        return new Hook
        {
            Type = RepositoryId is null ? "Organization" : "Repository",
            Id = Id,
            Name = "web",
            Active = Active,
            Events = EventList,
            Config = Config(),
            CreatedAt = CreatedAt,
            UpdatedAt = UpdatedAt,
            Url = url,
            PingUrl = url + "/pings",
            DeliveriesUrl = url + "/deliveries",
            LastResponse = last is null
                ? null
                : new HookResponse { Code = last.StatusCode == 0 ? null : last.StatusCode, Status = last.Status },
        };
    }

    /// <summary>The configuration. It only shows whether there is a secret.</summary>
    public HookConfig Config() => new()
    {
        Url = Url,
        ContentType = ContentType,
        InsecureSsl = "0",
        Format = Format,
        Secret = Value is null ? null : "********",
    };

    public static HookPlace PlaceOf(HttpContext http, ApiUrls urls) =>
        http.Features.Get<RepositoryAccess>() is { } repository
            ? new("repository", repository.Repository.Id, urls.Repository(repository.Repository.FullName) + "/hooks")
            : new(
                "organization",
                http.Proven<OrganizationAccess>().Organization.Id,
                urls.Organization(http.Proven<OrganizationAccess>().Organization.Login) + "/hooks");
}
