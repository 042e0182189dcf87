using Berth.Client.Wire;

namespace Berth.Client;

/// <summary>A person's own dotfiles and settings for codespaces.</summary>
public sealed partial class BerthClient
{
    private const string SettingsPath = "user/codespaces/settings";
    private const string DotfilesPath = "user/codespaces/dotfiles";

    public Task<CodespaceDotfiles> DotfilesAsync(CancellationToken cancellationToken) =>
        GetAsync<CodespaceDotfiles>(DotfilesPath, cancellationToken);

    public Task<CodespaceDotfiles> SetDotfilesAsync(NewCodespaceDotfiles dotfiles, CancellationToken cancellationToken) =>
        SendAsync<NewCodespaceDotfiles, CodespaceDotfiles>(HttpMethod.Put, DotfilesPath, dotfiles, cancellationToken);

    public Task<CodespaceSettings> CodespaceSettingsAsync(CancellationToken cancellationToken) =>
        GetAsync<CodespaceSettings>(SettingsPath, cancellationToken);

    public Task<CodespaceSettings> ChangeCodespaceSettingsAsync(CodespaceSettingsChange change, CancellationToken cancellationToken) =>
        SendAsync<CodespaceSettingsChange, CodespaceSettings>(HttpMethod.Patch, SettingsPath, change, cancellationToken);

    public Task DeleteDotfilesAsync(CancellationToken cancellationToken) => SendAsync(HttpMethod.Delete, DotfilesPath, cancellationToken);
}
