using Berth.Server.Settings;

namespace Berth.Server.Operations;

/// <summary>The data folder. One process at a time holds it, through a lock on a file in it.</summary>
internal sealed class DataFolder : IDisposable
{
    private readonly FileStream _lock;

    public DataFolder(DataOptions options)
    {
        Directory.CreateDirectory(options.DataPath, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        try
        {
            _lock = new FileStream(Path.Combine(options.DataPath, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            throw new StartupException($"BERTH_DATA: {options.DataPath} is held by another process; one server at a time may use it");
        }
    }

    public void Dispose() => _lock.Dispose();
}
