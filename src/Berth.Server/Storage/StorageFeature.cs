using Berth.Server.Settings;

namespace Berth.Server.Storage;

internal static class StorageFeature
{
    public static void AddStorage(this IServiceCollection services)
    {
        services.AddSingleton(provider => new FileLayout(
            provider.GetRequiredService<StorageOptions>().FolderIn(provider.GetRequiredService<DataOptions>())));
        services.AddSingleton<RunningHashes>();
        services.AddSingleton<UploadLeases>();
        services.AddSingleton<IBlobStore, FileBlobStore>();
        services.AddSingleton<IUploadStore, FileUploadStore>();
    }
}
