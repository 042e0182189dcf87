using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Berth.Client.Wire;

/// <summary>
/// How the REST API writes JSON: GitHub's snake case, times as <c>YYYY-MM-DDTHH:MM:SSZ</c>, text without unnecessary escapes.
/// </summary>
[JsonSerializable(typeof(Account))]
[JsonSerializable(typeof(List<Account>))]
[JsonSerializable(typeof(List<AuditLogEntry>))]
[JsonSerializable(typeof(List<Hook>))]
[JsonSerializable(typeof(HookChange))]
[JsonSerializable(typeof(List<HookDelivery>))]
[JsonSerializable(typeof(System.Text.Json.JsonElement))]
[JsonSerializable(typeof(NewUser))]
[JsonSerializable(typeof(NewOrganization))]
[JsonSerializable(typeof(Organization))]
[JsonSerializable(typeof(List<Organization>))]
[JsonSerializable(typeof(OrganizationChange))]
[JsonSerializable(typeof(OrganizationPackageSettings))]
[JsonSerializable(typeof(OrganizationPackageSettingsChange))]
[JsonSerializable(typeof(Membership))]
[JsonSerializable(typeof(List<Membership>))]
[JsonSerializable(typeof(MembershipChange))]
[JsonSerializable(typeof(ProfileChange))]
[JsonSerializable(typeof(Team))]
[JsonSerializable(typeof(List<Team>))]
[JsonSerializable(typeof(TeamChange))]
[JsonSerializable(typeof(TeamMembership))]
[JsonSerializable(typeof(TeamMembershipChange))]
[JsonSerializable(typeof(PermissionChange))]
[JsonSerializable(typeof(Repository))]
[JsonSerializable(typeof(List<Repository>))]
[JsonSerializable(typeof(RepositoryChange))]
[JsonSerializable(typeof(RepositoryTransfer))]
[JsonSerializable(typeof(Collaborator))]
[JsonSerializable(typeof(List<Collaborator>))]
[JsonSerializable(typeof(CollaboratorPermission))]
[JsonSerializable(typeof(Token))]
[JsonSerializable(typeof(List<Token>))]
[JsonSerializable(typeof(NewToken))]
[JsonSerializable(typeof(NewWorkflowToken))]
[JsonSerializable(typeof(WorkflowToken))]
[JsonSerializable(typeof(OidcTrust))]
[JsonSerializable(typeof(List<OidcTrust>))]
[JsonSerializable(typeof(NewOidcTrust))]
[JsonSerializable(typeof(Codespace))]
[JsonSerializable(typeof(CodespaceList))]
[JsonSerializable(typeof(List<Codespace>))]
[JsonSerializable(typeof(CodespaceMachineList))]
[JsonSerializable(typeof(DevcontainerList))]
[JsonSerializable(typeof(CodespaceDefaults))]
[JsonSerializable(typeof(CodespacePermissionsCheck))]
[JsonSerializable(typeof(CodespacePermissionList))]
[JsonSerializable(typeof(NewCodespace))]
[JsonSerializable(typeof(NewUserCodespace))]
[JsonSerializable(typeof(CodespaceExec))]
[JsonSerializable(typeof(ProcessStart))]
[JsonSerializable(typeof(TerminalSize))]
[JsonSerializable(typeof(CodespaceChange))]
[JsonSerializable(typeof(CodespaceExport))]
[JsonSerializable(typeof(CodespacePolicy))]
[JsonSerializable(typeof(CodespacePolicyChange))]
[JsonSerializable(typeof(CodespacePort))]
[JsonSerializable(typeof(CodespaceSsh))]
[JsonSerializable(typeof(CodespaceSettings))]
[JsonSerializable(typeof(CodespaceSettingsChange))]
[JsonSerializable(typeof(CodespaceDotfiles))]
[JsonSerializable(typeof(NewCodespaceDotfiles))]
[JsonSerializable(typeof(PrebuildConfiguration))]
[JsonSerializable(typeof(List<PrebuildConfiguration>))]
[JsonSerializable(typeof(PrebuildConfigurationList))]
[JsonSerializable(typeof(NewPrebuildConfiguration))]
[JsonSerializable(typeof(CodespacePrebuild))]
[JsonSerializable(typeof(List<CodespacePrebuild>))]
[JsonSerializable(typeof(CodespacePrebuildList))]
[JsonSerializable(typeof(PushHook))]
[JsonSerializable(typeof(NewPushHook))]
[JsonSerializable(typeof(PushHookAnswer))]
[JsonSerializable(typeof(SshStart))]
[JsonSerializable(typeof(CopiedFiles))]
[JsonSerializable(typeof(Package))]
[JsonSerializable(typeof(List<Package>))]
[JsonSerializable(typeof(PackageVersion))]
[JsonSerializable(typeof(List<PackageVersion>))]
[JsonSerializable(typeof(Dependants))]
[JsonSerializable(typeof(DeletedVersions))]
[JsonSerializable(typeof(RestoredVersions))]
[JsonSerializable(typeof(List<TagMove>))]
[JsonSerializable(typeof(TagTarget))]
[JsonSerializable(typeof(VersionName))]
[JsonSerializable(typeof(NewPushRule))]
[JsonSerializable(typeof(PushRule))]
[JsonSerializable(typeof(List<PushRule>))]
[JsonSerializable(typeof(List<PushAllowance>))]
[JsonSerializable(typeof(PushRuleOverride))]
[JsonSerializable(typeof(RetentionPolicy))]
[JsonSerializable(typeof(RetentionSetting))]
[JsonSerializable(typeof(RetentionPreview))]
[JsonSerializable(typeof(List<RetentionPreview>))]
[JsonSerializable(typeof(RetentionRun))]
[JsonSerializable(typeof(List<RetentionRun>))]
[JsonSerializable(typeof(GoneRef))]
[JsonSerializable(typeof(PackageAccessList))]
[JsonSerializable(typeof(Explanation))]
[JsonSerializable(typeof(PackageChange))]
[JsonSerializable(typeof(GrantedRole))]
[JsonSerializable(typeof(Secret))]
[JsonSerializable(typeof(SecretList))]
[JsonSerializable(typeof(SecretPublicKey))]
[JsonSerializable(typeof(SecretChange))]
[JsonSerializable(typeof(SecretRepositories))]
[JsonSerializable(typeof(SelectedRepositoryList))]
[JsonSerializable(typeof(CodespacesAccess))]
[JsonSerializable(typeof(SelectedUsers))]
[JsonSerializable(typeof(CloneCredential))]
[JsonSerializable(typeof(NewCloneCredential))]
[JsonSerializable(typeof(MasterKeyRotation))]
[JsonSerializable(typeof(NewKeyRotation))]
[JsonSerializable(typeof(RegistryCheckRequest))]
[JsonSerializable(typeof(RegistryCheckReport))]
[JsonSerializable(typeof(PreflightReport))]
[JsonSerializable(typeof(GraphQlRequest))]
[JsonSerializable(typeof(GarbageCollectionRun))]
[JsonSerializable(typeof(RateLimitReport))]
[JsonSerializable(typeof(string[]))]
[JsonSerializable(typeof(ErrorBody))]
[JsonSerializable(typeof(Dictionary<string, string>))]
public sealed partial class BerthJson : JsonSerializerContext
{
    /// <summary>The only instance to use, since the generated default does not have these options.</summary>
    public static readonly BerthJson Wire = new(new JsonSerializerOptions(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        NumberHandling = JsonNumberHandling.Strict,
        Converters = { new SecondsUtc() },
    });

    public JsonTypeInfo<T> Of<T>() => (JsonTypeInfo<T>)Options.GetTypeInfo(typeof(T));
}

/// <summary>Writes times as GitHub does, in whole seconds in UTC. Reads every ISO 8601 form.</summary>
public sealed class SecondsUtc : JsonConverter<DateTimeOffset>
{
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetDateTimeOffset();

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture));
}

/// <summary>The body of an error: GitHub's, with the request's id in the server's log.</summary>
public sealed record ErrorBody
{
    public string Message { get; init; } = "";

    /// <summary>For a 422: every field that was wrong.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public List<ErrorField>? Errors { get; init; }

    /// <summary>For a 401: the page on which the user can give the missing permissions.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? AllowPermissionsUrl { get; init; }

    public string DocumentationUrl { get; init; } = "";

    /// <summary>The status as text.</summary>
    public string Status { get; init; } = "";

    /// <summary>The request's id in the server's log.</summary>
    public string? RequestId { get; init; }
}

/// <summary>One field that was wrong.</summary>
public sealed record ErrorField
{
    public string? Resource { get; init; }

    public string? Field { get; init; }

    public string? Code { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Message { get; init; }
}
