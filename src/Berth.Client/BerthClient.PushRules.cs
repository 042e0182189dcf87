using Berth.Client.Wire;

namespace Berth.Client;

/// <summary>Whose push rules are meant: one package's, or an account's for all its packages.</summary>
public sealed record PushRulePlace
{
    /// <summary>The rules for all packages of the caller.</summary>
    public static readonly PushRulePlace Own = new("user/settings/push-rules");

    private PushRulePlace(string path) => Path = path;

    internal string Path { get; }

    public static PushRulePlace Of(PackageReference package) => new($"{package.Path}/push-rules");

    public static PushRulePlace OfOrganization(string login) => new($"orgs/{Uri.EscapeDataString(login)}/settings/push-rules");
}

/// <summary>Rules about which tags may be pushed, and by whom.</summary>
public sealed partial class BerthClient
{
    /// <summary>For a package, all rules that apply to it, including those of its owner.</summary>
    public Task<List<PushRule>> PushRulesAsync(PushRulePlace place, CancellationToken cancellationToken) =>
        GetAsync<List<PushRule>>(place.Path, cancellationToken);

    public Task<PushRule> AddPushRuleAsync(PushRulePlace place, NewPushRule rule, CancellationToken cancellationToken) =>
        SendAsync<NewPushRule, PushRule>(HttpMethod.Post, place.Path, rule, cancellationToken);

    public Task RemovePushRuleAsync(PushRulePlace place, long id, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Delete, $"{place.Path}/{id}", cancellationToken);
}
