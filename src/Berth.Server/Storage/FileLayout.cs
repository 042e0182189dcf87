namespace Berth.Server.Storage;

/// <summary>
/// The folders of the file store:
/// <code>
/// ROOT/uploads/KEY    an upload in progress
/// ROOT/ab/KEY         a finished blob; ab are the key's first two digits
/// </code>
/// Both are on one file system, so that an upload becomes a blob by one rename.
/// </summary>
internal sealed class FileLayout
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    public FileLayout(string root)
    {
        Root = Path.GetFullPath(root);
        UploadsFolder = Path.Combine(Root, "uploads");
        var made = !Directory.Exists(UploadsFolder);
        Directory.CreateDirectory(UploadsFolder, Private);
        for (var i = 0; i < 256; i++)
        {
            // Create all folders now, so that a commit never has to create one and sync its name too.
            Directory.CreateDirectory(Path.Combine(Root, i.ToString("x2")), Private);
        }

        if (made)
        {
            DiskSync.SyncFolder(Root);
        }
    }

    public string Root { get; }

    public string UploadsFolder { get; }

    public IEnumerable<string> BlobFolders => Enumerable.Range(0, 256).Select(i => Path.Combine(Root, i.ToString("x2")));

    public string Upload(StorageKey key) => Path.Combine(UploadsFolder, key.Value);

    public string BlobFolder(StorageKey key) => Path.Combine(Root, key.Value[..2]);

    public string Blob(StorageKey key) => Path.Combine(BlobFolder(key), key.Value);
}
