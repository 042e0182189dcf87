using System.Reflection;
using System.Runtime.InteropServices;
using SQLitePCL;

namespace Berth.Server.Database;

/// <summary>Uses the operating system's <c>libsqlite3</c>, which the operating system patches.</summary>
internal static class SqliteLibrary
{
    private static readonly Lazy<bool> Loaded = new(() =>
    {
        NativeLibrary.SetDllImportResolver(typeof(SQLite3Provider_e_sqlite3).Assembly, Resolve);
        raw.SetProvider(new SQLite3Provider_e_sqlite3());
        return true;
    });

    public static void Load() => _ = Loaded.Value;

    private static IntPtr Resolve(string name, Assembly assembly, DllImportSearchPath? path) =>
        name == "e_sqlite3" ? NativeLibrary.Load("libsqlite3.so.0", assembly, path) : IntPtr.Zero;
}
