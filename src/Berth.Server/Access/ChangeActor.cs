using System.Net;

namespace Berth.Server.Access;

/// <summary>Who changes something, with which token and from where: what every record of a change says about it.</summary>
public sealed record ChangeActor
{
    private ChangeActor(string key) => Key = key;

    /// <summary>A principal's key, or the name of background work.</summary>
    public string Key { get; }

    /// <summary>Whose rights count; null where the server does something by itself.</summary>
    public Principal? Principal { get; private init; }

    /// <summary>As people know it: a login, a workflow's repository, a codespace's name. Null for background work.</summary>
    public string? Name { get; private init; }

    /// <summary>The token's number, which reveals nothing; never its secret.</summary>
    public long? TokenId { get; private init; }

    /// <summary>The address that the request came from, as the trusted proxies tell it.</summary>
    public string? Address { get; private init; }

    public string? RequestId { get; private init; }

    /// <summary>The run of a workflow, as its CI system's issuer vouches for it; so too ref, commit and environment.</summary>
    public string? Run { get; private init; }

    public string? Ref { get; private init; }

    public string? Commit { get; private init; }

    public string? Environment { get; private init; }

    /// <summary>Nobody asked for it: the server did it by itself.</summary>
    public static ChangeActor Background(string name) => new(name);

    /// <summary>What a policy does when somebody begins it is still the policy's doing, and not by that one's rights.</summary>
    public ChangeActor ByPolicy() => this with { Principal = null };

    /// <summary>The one place where a request becomes the actor of what it changes.</summary>
    public static ChangeActor Of(HttpContext http, Principal principal) => Of(principal) with
    {
        Address = Text(http.Connection.RemoteIpAddress),
        RequestId = http.TraceIdentifier,
    };

    /// <summary>Where no request is known.</summary>
    public static ChangeActor Of(Principal principal) => Named(principal) with { Principal = principal };

    private static ChangeActor Named(Principal principal) => principal switch
    {
        UserPrincipal user => new(user.Key) { Name = user.Login, TokenId = user.TokenId },
        WorkflowPrincipal workflow => new(workflow.Key)
        {
            Name = workflow.Repository,
            TokenId = workflow.TokenId,
            Run = workflow.Run?.Id,
            Ref = workflow.Run?.Ref,
            Commit = workflow.Run?.Commit,
            Environment = workflow.Run?.Environment,
        },
        CodespacePrincipal codespace => new(codespace.Key) { Name = codespace.Name, TokenId = codespace.TokenId },
        _ => new(principal.Key),
    };

    private static string? Text(IPAddress? address) =>
        (address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address)?.ToString();
}
