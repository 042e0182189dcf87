using System.Diagnostics.CodeAnalysis;
using Berth.Server.Faults;
using Berth.Server.Oci;

namespace Berth.Server.Registries.Remote;

/// <summary>How a registry accepts a login.</summary>
public enum RemoteScheme
{
    None,
    Basic,
    Bearer,
}

/// <summary>A token that a registry issued for one repository.</summary>
internal sealed record RemoteToken(string Value, DateTimeOffset ExpiresAt, string? RefreshToken)
{
    public override string ToString() => "a token";
}

/// <summary>The result of asking a registry: the value, or the reason why there is none.</summary>
internal sealed record RemoteAnswer<T>
    where T : class
{
    private RemoteAnswer(T? value, Fault? fault)
    {
        Value = value;
        Fault = fault;
    }

    public T? Value { get; }

    public Fault? Fault { get; }

    [MemberNotNullWhen(true, nameof(Value))]
    [MemberNotNullWhen(false, nameof(Fault))]
    public bool Ok => Fault is null;

    public RemoteScheme Scheme { get; init; }

    /// <summary>Null unless the registry issued one.</summary>
    public RemoteToken? Token { get; init; }

    public static RemoteAnswer<T> Of(T value) => new(value, null);

    public static RemoteAnswer<T> Of(Fault fault) => new(null, fault);

    /// <summary>Makes an answer with another value from the same conversation.</summary>
    public RemoteAnswer<TOther> Select<TOther>(Func<T, TOther> select)
        where TOther : class =>
        (Ok ? RemoteAnswer<TOther>.Of(select(Value)) : RemoteAnswer<TOther>.Of(Fault)) with { Scheme = Scheme, Token = Token };
}

/// <summary>Says in words for a person that a registry accepted a login, or required none.</summary>
internal sealed record RemoteLogin(string Message);

/// <summary>What a start needs to know of a manifest.</summary>
/// <param name="Size">The bytes of the configuration and layers of the chosen platform. Null when nobody looked.</param>
/// <param name="Platforms">Empty: the image names none.</param>
internal sealed record RemoteManifest(Digest Digest, string MediaType, long? Size, IReadOnlyList<Platform> Platforms)
{
    /// <summary>The manifest of the chosen platform, which is the image's own when it is no index.</summary>
    public Digest Chosen { get; init; } = Digest;
}

/// <summary>A manifest with its bytes, checked against its digest.</summary>
/// <param name="MediaType">The type that the registry gives. Empty: it gives none.</param>
internal sealed record RemoteContent(Digest Digest, string MediaType, ReadOnlyMemory<byte> Bytes, Manifest Manifest);
