using System.Data;
using Dapper;

namespace Berth.Server.Database;

/// <summary>Times are stored as milliseconds since 1970 UTC on both databases: one type, one order, no time zones.</summary>
internal sealed class UnixMilliseconds : SqlMapper.TypeHandler<DateTimeOffset>
{
    public static void Register()
    {
        // Without removing the built-in maps Dapper never asks the handler for parameters.
        SqlMapper.RemoveTypeMap(typeof(DateTimeOffset));
        SqlMapper.RemoveTypeMap(typeof(DateTimeOffset?));
        SqlMapper.AddTypeHandler(new UnixMilliseconds());
        DefaultTypeMap.MatchNamesWithUnderscores = true;
    }

    public override DateTimeOffset Parse(object value) =>
        DateTimeOffset.FromUnixTimeMilliseconds(Convert.ToInt64(value, System.Globalization.CultureInfo.InvariantCulture));

    public override void SetValue(IDbDataParameter parameter, DateTimeOffset value)
    {
        parameter.DbType = DbType.Int64;
        parameter.Value = value.ToUnixTimeMilliseconds();
    }
}
