namespace Berth.Server.Audit;

/// <summary>Who did what: written with what it records, read by owners.</summary>
internal static class AuditFeature
{
    public static void AddAudit(this IServiceCollection services) => services.AddSingleton<AuditLog>();
}
