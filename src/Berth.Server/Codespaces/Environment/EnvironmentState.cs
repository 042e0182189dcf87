using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Berth.Server.Codespaces.Images;
using Berth.Server.Database;
using Berth.Server.Cryptography;

namespace Berth.Server.Codespaces.Environment;

/// <summary>What the processes of one codespace get until it stops.</summary>
internal sealed record EnvironmentState
{
    /// <summary>The token of this start; empty when it has stopped.</summary>
    public string Token { get; init; } = "";

    /// <summary>The environment, including secrets.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// The variables that the dev container adds to its own environment for processes. They contain no secrets of Berth's.
    /// </summary>
    public IReadOnlyDictionary<string, string> Remote { get; init; } = new Dictionary<string, string>();

    [JsonIgnore]
    public bool IsRunning => Token.Length > 0;

    /// <summary>The logins that Berth wrote into docker's configuration: what differs from them is the person's own.</summary>
    public DockerLogins Logins { get; init; } = new([]);

    /// <summary>Berth's part of npm's configuration, with the token in it.</summary>
    public string Npm { get; init; } = "";

    public GitAuthor? GitAuthor { get; init; }

    /// <summary>The logins of git inside, one for each URL.</summary>
    public IReadOnlyList<GitLogin> GitLogins { get; init; } = [];

    /// <summary>The person's own part of docker's configuration, as it was at the last stop; null: there is none.</summary>
    public string? OwnDockerConfiguration { get; init; }
}

[JsonSerializable(typeof(EnvironmentState))]
internal sealed partial class EnvironmentJson : JsonSerializerContext;

/// <summary>
/// Stores the states of running codespaces, so that a server that was restarted starts processes with the same environment as before.
/// </summary>
internal sealed class EnvironmentStates(Db db, ServerKeys keys)
{
    /// <summary>Finds a state. It is empty when none is stored.</summary>
    public async Task<EnvironmentState> FindAsync(long codespace, CancellationToken cancellationToken)
    {
        var sealedState = await db.ReadAsync(
            session => session.FirstOrDefaultAsync<byte[]>(
                "select sealed from codespace_inside where codespace_id = @codespace", new { codespace }),
            cancellationToken);
        return sealedState is null ? new EnvironmentState() : Open(codespace, sealedState);
    }

    public async Task StoreAsync(long codespace, EnvironmentState state, CancellationToken cancellationToken)
    {
        var value = Seal(codespace, state);
        await db.WriteAsync(
            session => session.ExecuteAsync(
                """
                insert into codespace_inside (codespace_id, sealed) select id, @value from codespaces where id = @codespace
                on conflict (codespace_id) do update set sealed = excluded.sealed
                """,
                new { codespace, value }),
            cancellationToken);
    }

    /// <summary>Records that the codespace has stopped. Only the login that the person made inside is kept.</summary>
    public async Task EndAsync(long codespace, CancellationToken cancellationToken)
    {
        var state = await FindAsync(codespace, cancellationToken);
        if (state.OwnDockerConfiguration is { } own)
        {
            await StoreAsync(codespace, new EnvironmentState { OwnDockerConfiguration = own }, cancellationToken);
        }
        else
        {
            await db.WriteAsync(
                session => session.ExecuteAsync("delete from codespace_inside where codespace_id = @codespace", new { codespace }),
                cancellationToken);
        }
    }

    private byte[] Seal(long codespace, EnvironmentState state) => AesGcmBox.Seal(
        Key(), JsonSerializer.SerializeToUtf8Bytes(state, EnvironmentJson.Default.EnvironmentState), BitConverter.GetBytes(codespace));

    private EnvironmentState Open(long codespace, byte[] value)
    {
        try
        {
            return JsonSerializer.Deserialize(
                AesGcmBox.Open(Key(), value, BitConverter.GetBytes(codespace)), EnvironmentJson.Default.EnvironmentState)
                ?? new EnvironmentState();
        }
        catch (CryptographicException)
        {
            // The database was put together from two, so the state cannot be opened. The codespace gets a new one at its next start.
            return new EnvironmentState();
        }
    }

    private byte[] Key() => HKDF.DeriveKey(HashAlgorithmName.SHA256, keys.Codespaces, 32, info: "inside"u8.ToArray());
}
