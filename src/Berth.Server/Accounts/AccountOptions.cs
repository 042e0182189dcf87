using Berth.Server.Settings;
using Microsoft.Extensions.Options;

namespace Berth.Server.Accounts;

/// <summary>The first administrator of a new server.</summary>
internal sealed partial class AccountOptions
{
    [Setting("token of the first administrator `admin`. Without it one is made at the first start, in `DATA/admin-token` (0600)")]
    [Secret(20)]
    public string? AdminToken { get; set; }

    [OptionsValidator]
    internal sealed partial class Validator : IValidateOptions<AccountOptions>;
}
