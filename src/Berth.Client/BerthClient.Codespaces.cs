using System.Buffers.Binary;
using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using Berth.Client.Wire;

namespace Berth.Client;

/// <summary>Codespaces, their creation logs, and processes in them.</summary>
public sealed partial class BerthClient
{
    private const int FrameHeaderBytes = 8;
    private const byte ExitStream = 3;

    /// <summary>Begins to create a codespace. <see cref="CodespaceLogAsync"/> follows its start.</summary>
    public Task<Codespace> CreateCodespaceAsync(string repository, NewCodespace codespace, CancellationToken cancellationToken) =>
        SendAsync<NewCodespace, Codespace>(HttpMethod.Post, $"repos/{Repository(repository)}/codespaces", codespace, cancellationToken);

    /// <param name="repository">Null: codespaces of all repositories.</param>
    public async Task<List<Codespace>> CodespacesAsync(string? repository, CancellationToken cancellationToken)
    {
        List<Codespace> items = [];
        var path = repository is null ? "user/codespaces" : $"repos/{Repository(repository)}/codespaces";
        for (var page = 1; ; page++)
        {
            var list = await GetAsync<CodespaceList>($"{path}?per_page=100&page={page}", cancellationToken).ConfigureAwait(false);
            items.AddRange(list.Codespaces);
            if (list.Codespaces.Count == 0 || items.Count >= list.TotalCount)
            {
                return items;
            }
        }
    }

    /// <summary>Says what a codespace of a repository would fetch, and whether it may. Starts nothing.</summary>
    public Task<PreflightReport> PreflightAsync(string repository, NewCodespace request, CancellationToken cancellationToken) =>
        SendAsync<NewCodespace, PreflightReport>(
            HttpMethod.Post, $"repos/{Repository(repository)}/codespaces/preflight", request, cancellationToken);

    public Task<Codespace> CodespaceAsync(string name, CancellationToken cancellationToken) =>
        GetAsync<Codespace>(One(name), cancellationToken);

    /// <summary>Begins a start.</summary>
    public Task<Codespace> StartCodespaceAsync(string name, CancellationToken cancellationToken) =>
        ActAsync(name, "start", cancellationToken);

    /// <summary>Begins a stop.</summary>
    public Task<Codespace> StopCodespaceAsync(string name, CancellationToken cancellationToken) =>
        ActAsync(name, "stop", cancellationToken);

    /// <summary>Begins a start with a new container. The workspace stays.</summary>
    public Task<Codespace> RebuildCodespaceAsync(string name, CancellationToken cancellationToken) =>
        ActAsync(name, "rebuild", cancellationToken);

    public Task DeleteCodespaceAsync(string name, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Delete, One(name), cancellationToken);

    /// <summary>The lines of the creation log.</summary>
    /// <param name="follow">Goes on until the current start has ended, with the commands that it leaves running in the background.</param>
    public async IAsyncEnumerable<string> CodespaceLogAsync(
        string name, bool latest, LogFollow follow, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var path = $"{One(name)}/creation-log?follow="
            + $"{(follow switch { LogFollow.ToEnd => "true", LogFollow.UntilAvailable => "available", _ => "false" })}"
            + $"{(latest ? "&attempt=latest" : "")}";
        using var response = await RequestAsync(HttpMethod.Get, path, null, cancellationToken).ConfigureAwait(false);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false));
        while (await reader.ReadLineAsync(cancellationToken).ConfigureAwait(false) is { } line)
        {
            yield return line;
        }
    }

    /// <summary>Runs a process in a codespace, without a terminal.</summary>
    /// <param name="name">Must be Available.</param>
    /// <param name="write">Gets the stream's number (1: output, 2: errors) and a piece of it, valid until it returns.</param>
    /// <param name="cancellationToken">Stops listening. The process goes on.</param>
    /// <returns>Returns the exit code.</returns>
    public async Task<int> ExecAsync(
        string name, CodespaceExec exec, Func<byte, ReadOnlyMemory<byte>, Task> write, CancellationToken cancellationToken)
    {
        using var content = JsonContent.Create(exec, BerthJson.Wire.Of<CodespaceExec>());
        using var response = await RequestAsync(HttpMethod.Post, One(name) + "/exec", content, cancellationToken).ConfigureAwait(false);
        var stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            var header = new byte[FrameHeaderBytes];
            while (await stream.ReadAtLeastAsync(header, header.Length, throwOnEndOfStream: false, cancellationToken)
                .ConfigureAwait(false) == header.Length)
            {
                // A frame is one write of a process. The server never sends more than its buffer in one.
                var payload = new byte[Math.Min(BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(4)), 1 << 20)];
                await stream.ReadExactlyAsync(payload, cancellationToken).ConfigureAwait(false);
                if (header[0] == ExitStream)
                {
                    return RemoteProcess.ExitCode(payload);
                }

                await write(header[0], payload).ConfigureAwait(false);
            }
        }

        throw new BerthException(null, "the connection ended before the process did", null);
    }

    private static string One(string name) => $"user/codespaces/{Escape(name)}";

    private async Task<Codespace> ActAsync(string name, string action, CancellationToken cancellationToken)
    {
        using var response = await RequestAsync(HttpMethod.Post, $"{One(name)}/{action}", null, cancellationToken).ConfigureAwait(false);
        return await ReadAsync<Codespace>(response, cancellationToken).ConfigureAwait(false);
    }
}
