using Berth.Server.Settings;
using Microsoft.Extensions.Options;

namespace Berth.Server.Database;

/// <summary>Which database stores everything except bytes.</summary>
internal sealed partial class DatabaseOptions
{
    private const string DefaultFile = "berth.db";

    [Setting("an SQLite file, or a PostgreSQL server by an Npgsql connection string", Default = "`sqlite:DATA/" + DefaultFile + "`")]
    [Form("sqlite:PATH or postgres:CONNECTION-STRING", "sqlite:", "postgres:")]
    public string? Database { get; set; }

    public string SettingIn(DataOptions data) => Database ?? "sqlite:" + Path.Combine(data.DataPath, DefaultFile);

    [OptionsValidator]
    internal sealed partial class Validator : IValidateOptions<DatabaseOptions>;
}
