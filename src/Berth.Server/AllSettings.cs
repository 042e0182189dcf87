using Berth.Server.Accounts;
using Berth.Server.Api;
using Berth.Server.Audit;
using Berth.Server.Codespaces;
using Berth.Server.Cryptography;
using Berth.Server.Database;
using Berth.Server.Http;
using Berth.Server.Npm;
using Berth.Server.Packages;
using Berth.Server.Registries;
using Berth.Server.Registry;
using Berth.Server.Settings;
using Berth.Server.Storage;
using Berth.Server.Webhooks;

namespace Berth.Server;

/// <summary>Every class of settings, in the order in which docs/configuration.md lists them and the start reports their faults.</summary>
internal static class AllSettings
{
    public static IReadOnlyList<OptionsClass> Classes { get; } =
    [
        OptionsClass.Of(new AddressOptions.Validator()),
        OptionsClass.Of(new ListeningOptions.Validator()),
        OptionsClass.Of(new DataOptions.Validator()),
        OptionsClass.Of(new DatabaseOptions.Validator()),
        OptionsClass.Of(new StorageOptions.Validator()),
        OptionsClass.Of(new CryptographyOptions.Validator()),
        OptionsClass.Of(new TlsOptions.Validator()),
        OptionsClass.Of(new OutgoingOptions.Validator()),
        OptionsClass.Of(new ApiOptions.Validator()),
        OptionsClass.Of(new RegistryLoginOptions.Validator()),
        OptionsClass.Of(new RegistryOptions.Validator()),
        OptionsClass.Of(new NpmOptions.Validator()),
        OptionsClass.Of(new RetentionOptions.Validator()),
        OptionsClass.Of(new AuditOptions.Validator()),
        OptionsClass.Of(new HookOptions.Validator()),
        OptionsClass.Of(new CodespaceOptions.Validator()),
        OptionsClass.Of(new AccountOptions.Validator()),
    ];
}
