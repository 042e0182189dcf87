using System.Net;

namespace Berth.Server.Access;

/// <summary>Who changes something, with which token and from where. Every record of a change contains this.</summary>
public sealed record ChangeActor
{
    private ChangeActor(string key) => Key = key;

    /// <summary>A principal's key, or the name of background work.</summary>
    public string Key { get; }

    /// <summary>Whose rights count. Null when the server acts by itself.</summary>
    public Principal? Principal { get; private init; }

    /// <summary>The name that people know: a login, a workflow's repository, a codespace's name. Null for background work.</summary>
    public string? Name { get; private init; }

    /// <summary>The token's number. It reveals nothing of the token's secret.</summary>
    public long? TokenId { get; private init; }

    /// <summary>The address that the request came from, according to the trusted proxies.</summary>
    public string? Address { get; private init; }

    public string? RequestId { get; private init; }

    /// <summary>The run of a workflow, confirmed by the issuer of its CI system. The same holds for ref, commit and environment.</summary>
    public string? Run { get; private init; }

    public string? Ref { get; private init; }

    public string? Commit { get; private init; }

    public string? Environment { get; private init; }

    /// <summary>The actor for what the server does by itself, without a request.</summary>
    public static ChangeActor Background(string name) => new(name);

    /// <summary>The actor for a policy that somebody starts. The policy acts then, so that person's rights do not count.</summary>
    public ChangeActor ByPolicy() => this with { Principal = null };

    /// <summary>Makes the actor of a request. No other method does.</summary>
    public static ChangeActor Of(HttpContext http, Principal principal) => Of(principal) with
    {
        Address = Text(http.Connection.RemoteIpAddress),
        RequestId = http.TraceIdentifier,
    };

    /// <summary>Makes the actor when no request is known.</summary>
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
