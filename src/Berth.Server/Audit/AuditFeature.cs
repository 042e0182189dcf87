using Berth.Server.Audit.Streams;
using Berth.Server.Http;

namespace Berth.Server.Audit;

/// <summary>Records who did what. Owners can read it, and it is sent to where operators collect such records.</summary>
internal static class AuditFeature
{
    public static void AddAudit(this IServiceCollection services)
    {
        services.AddSingleton<AuditLog>();
        services.AddSingleton(provider => Sinks(
            provider.GetRequiredService<AuditOptions>(), provider.GetRequiredService<AddressOptions>()));
        services.AddSingleton<StreamAudit>();
        services.AddHostedService(provider => provider.GetRequiredService<StreamAudit>());
    }

    private static IEnumerable<IAuditSink> Sinks(AuditOptions options, AddressOptions address)
    {
        List<IAuditSink> sinks = [];
        if (options.AuditFile is { Length: > 0 } path)
        {
            sinks.Add(new FileSink(path));
        }

        if (options.AuditSyslog is { Length: > 0 } target)
        {
            sinks.Add(new SyslogSink(target, address.BaseUri.Host));
        }

        return sinks;
    }
}
