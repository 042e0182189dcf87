using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Berth.Client.Crypto;
using Berth.Client.Wire;
using Berth.Server.Api;
using Berth.Server.Codespaces.Environment;
using Berth.Server.Cryptography;
using Berth.Server.Database;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Connections.Ssh;

/// <summary>
/// SSH into a codespace over a WebSocket (<see cref="FollowProcess"/>), whose input and output are the SSH connection. The client's first
/// message is JSON with its public keys, one of which it will use (<c>{"public_keys":["ssh-ed25519 …"]}</c>). No port is opened. Whoever
/// may run a process in the codespace may connect, and the keys are valid for this one connection.
/// </summary>
internal static class SshEndpoints
{
    private const int MostKeys = 4;

    public static async Task<IResult> GetAsync(
        string name, ApiCaller caller, Db db, ServerKeys keys, CancellationToken cancellationToken)
    {
        var codespace = await CodespaceEndpoints.FindAsync(db, caller, name, cancellationToken);
        return ApiResult.Ok(new CodespaceSsh(SshScripts.User, HostKey(keys, codespace).PublicKey, codespace.WorkspaceFolder));
    }

    public static async Task<IResult> ConnectAsync(
        string name, HttpContext http, ApiCaller caller, CodespaceConnections connections, FollowProcess follow, SshServerFiles files,
        ServerKeys keys, CancellationToken cancellationToken)
    {
        var running = await connections.RunningAsync(caller, name, cancellationToken);
        string version;
        try
        {
            version = await files.GatherAsync(cancellationToken);
        }
        catch (FaultException exception)
        {
            return CodespaceConnections.Unprocessable(exception.Message);
        }

        // Check this last, because a client that got no WebSocket asks again without one to learn the reason.
        return http.WebSockets.IsWebSocketRequest
            ? await follow.RunAsync(
                http, running, start => Read(start, running.Codespace, version, keys), "the first message must be JSON with public_keys",
                cancellationToken)
            : CodespaceTerminal.WebSocketNeeded();
    }

    /// <summary>
    /// The host key of a codespace. It is derived from the server's own key, so it never changes while the codespace exists and is stored
    /// nowhere.
    /// </summary>
    private static OpenSshKey HostKey(ServerKeys keys, Codespace codespace) => OpenSshKey.FromSeed(
        HKDF.DeriveKey(
            HashAlgorithmName.SHA256, keys.Codespaces, 32, info: Encoding.UTF8.GetBytes($"ssh {codespace.Id} {codespace.Name}")));

    private static FollowedProcess? Read(byte[] text, Codespace codespace, string version, ServerKeys keys)
    {
        SshStart? start;
        try
        {
            start = JsonSerializer.Deserialize(text, BerthJson.Wire.Of<SshStart>());
        }
        catch (JsonException)
        {
            return null;
        }

        if (start?.PublicKeys is not { Count: > 0 and <= MostKeys } given)
        {
            return null;
        }

        List<string> known = [.. given.Select(key => OpenSshKey.ReadPublic(key ?? "")).OfType<string>()];
        if (known.Count < given.Count)
        {
            return null;
        }

        // Clients of one person may connect at the same time, each with its own key.
        var folder = Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(string.Join('\n', known))))[..16];
        var wanted = new WantedProcess(
            [
                "/bin/sh", "-c", SshScripts.Start, "berth-ssh", $"{EnvironmentVariables.SshServer}/{version}",
                $"{EnvironmentVariables.Ssh}/{folder}",
            ],
            Input: true);
        var input = $"{string.Join('\n', known)}\n{SshScripts.Mark}\n{HostKey(keys, codespace).PrivateKey}{SshScripts.Mark}\n";
        return new FollowedProcess(wanted)
        {
            FirstInput = Encoding.ASCII.GetBytes(input),
            Explain = code => code == SshScripts.NoServer
                ? $"the codespace's container was made before SSH was there; make a new one: berth codespace rebuild {codespace.Name}"
                : null,
        };
    }
}
