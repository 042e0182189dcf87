using System.Runtime.CompilerServices;
using Berth.Client.Wire;

namespace Berth.Client;

/// <summary>Prebuilds of a repository's codespaces.</summary>
public sealed partial class BerthClient
{
    public async Task<List<PrebuildConfiguration>> PrebuildConfigurationsAsync(string repository, CancellationToken cancellationToken) =>
    [
        .. (await GetAsync<PrebuildConfigurationList>($"{Prebuilds(repository)}-configurations", cancellationToken)
            .ConfigureAwait(false)).Configurations,
    ];

    public Task<PrebuildConfiguration> CreatePrebuildConfigurationAsync(
        string repository, NewPrebuildConfiguration configuration, CancellationToken cancellationToken) =>
        SendAsync<NewPrebuildConfiguration, PrebuildConfiguration>(
            HttpMethod.Post, $"{Prebuilds(repository)}-configurations", configuration, cancellationToken);

    public Task<PrebuildConfiguration> ChangePrebuildConfigurationAsync(
        string repository, long id, NewPrebuildConfiguration change, CancellationToken cancellationToken) =>
        SendAsync<NewPrebuildConfiguration, PrebuildConfiguration>(
            HttpMethod.Patch, $"{Prebuilds(repository)}-configurations/{id}", change, cancellationToken);

    public Task DeletePrebuildConfigurationAsync(string repository, long id, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Delete, $"{Prebuilds(repository)}-configurations/{id}", cancellationToken);

    /// <summary>Begins a prebuild.</summary>
    public Task<CodespacePrebuild> RunPrebuildAsync(string repository, long configuration, CancellationToken cancellationToken) =>
        SendAsync<NewPrebuildConfiguration, CodespacePrebuild>(
            HttpMethod.Post, $"{Prebuilds(repository)}-configurations/{configuration}/runs", new(), cancellationToken);

    public async Task<List<CodespacePrebuild>> PrebuildsAsync(string repository, CancellationToken cancellationToken)
    {
        List<CodespacePrebuild> items = [];
        for (var page = 1; ; page++)
        {
            var list = await GetAsync<CodespacePrebuildList>($"{Prebuilds(repository)}s?per_page=100&page={page}", cancellationToken)
                .ConfigureAwait(false);
            items.AddRange(list.Prebuilds);
            if (list.Prebuilds.Count == 0 || items.Count >= list.TotalCount)
            {
                return items;
            }
        }
    }

    public Task<CodespacePrebuild> PrebuildAsync(string repository, long id, CancellationToken cancellationToken) =>
        GetAsync<CodespacePrebuild>($"{Prebuilds(repository)}s/{id}", cancellationToken);

    public Task DeletePrebuildAsync(string repository, long id, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Delete, $"{Prebuilds(repository)}s/{id}", cancellationToken);

    /// <summary>The lines of its log. With <paramref name="follow"/>, until it is ready or has failed.</summary>
    public async IAsyncEnumerable<string> PrebuildLogAsync(
        string repository, long id, bool follow, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var response = await RequestAsync(
            HttpMethod.Get, $"{Prebuilds(repository)}s/{id}/log?follow={(follow ? "true" : "false")}", null, cancellationToken)
            .ConfigureAwait(false);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false));
        while (await reader.ReadLineAsync(cancellationToken).ConfigureAwait(false) is { } line)
        {
            yield return line;
        }
    }

    /// <summary>Sets the hook to which the git server reports pushes. The answer contains the secret, which is not shown again.</summary>
    public Task<PushHook> SetPushHookAsync(string repository, NewPushHook hook, CancellationToken cancellationToken) =>
        SendAsync<NewPushHook, PushHook>(HttpMethod.Put, $"{Prebuilds(repository)}-hook", hook, cancellationToken);

    public Task DeletePushHookAsync(string repository, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Delete, $"{Prebuilds(repository)}-hook", cancellationToken);

    private static string Prebuilds(string repository) => $"repos/{Repository(repository)}/codespaces/prebuild";
}
