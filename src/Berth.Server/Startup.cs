using Berth.Server.Accounts;
using Berth.Server.Cryptography;
using Berth.Server.Database;
using Berth.Server.Operations;
using Berth.Server.Settings;
using Microsoft.Extensions.Options;

namespace Berth.Server;

/// <summary>
/// What is done before the first request: lock the data folder, migrate, unlock the keys, create the first administrator.
/// </summary>
internal sealed class Startup(DataFolder folder, Migrator migrator, MasterKey masterKey, ServerKeys keys, FirstAdministrator administrator)
{
    public static async Task<int> RunAsync(Func<Task> server)
    {
        NativeHeap.GiveBackLargeBlocks();
        try
        {
            await server();
            return 0;
        }
        catch (OptionsValidationException exception)
        {
            await Console.Error.WriteLineAsync(
                "Berth does not start, its settings are wrong:\n  " + string.Join("\n  ", exception.Failures));
            return 2;
        }
        catch (StartupException exception)
        {
            await Console.Error.WriteLineAsync("Berth does not start: " + exception.Message);
            return 2;
        }
    }

    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        GC.KeepAlive(folder);
        await migrator.RunAsync(cancellationToken);
        await masterKey.UnlockAsync(cancellationToken);
        await keys.LoadAsync(cancellationToken);
        await administrator.EnsureAsync(cancellationToken);
    }
}
