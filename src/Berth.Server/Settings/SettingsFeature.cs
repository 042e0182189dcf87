using System.ComponentModel;
using System.Reflection;
using System.Text;
using Microsoft.Extensions.Options;

namespace Berth.Server.Settings;

/// <summary>Binds <see cref="BerthOptions"/> from the section <c>Berth</c> and from <c>BERTH_…</c> environment variables, which win.</summary>
internal static class SettingsFeature
{
    /// <summary>Variables, and keys of the section <c>Berth</c>, that had another name.</summary>
    private static readonly Dictionary<string, string> Renamed = new(StringComparer.Ordinal)
    {
        ["BERTH_SPARSE_INDEXES"] = "BERTH_SPARSE_MANIFESTS",
        ["Berth:SparseIndexes"] = "Berth:SparseManifests",
    };

    public static BerthOptions AddSettings(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddSingleton<IValidateOptions<BerthOptions>, BerthOptionsValidator>();
        services.AddOptions<BerthOptions>().BindConfiguration("Berth").Configure<IConfiguration>(FromEnvironment).ValidateOnStart();
        services.AddSingleton(provider => provider.GetRequiredService<IOptions<BerthOptions>>().Value);

        // The listening address and paths are needed while the application is composed; faults end the start here, all at once.
        var options = new BerthOptions();
        builder.Configuration.GetSection("Berth").Bind(options);
        FromEnvironment(options, builder.Configuration);
        var result = new BerthOptionsValidator().Validate(null, options);
        return result.Failed ? throw new OptionsValidationException("Berth", typeof(BerthOptions), result.Failures) : options;
    }

    /// <summary><c>MaxLayerGiB</c> is <c>BERTH_MAX_LAYER_GIB</c>.</summary>
    public static string VariableOf(string property)
    {
        var name = new StringBuilder("BERTH");
        for (var i = 0; i < property.Length; i++)
        {
            var startsWord = char.IsUpper(property[i]) && (i == 0 || !char.IsUpper(property[i - 1])) && property[(i)..] is not "B";
            if (startsWord)
            {
                name.Append('_');
            }

            name.Append(char.ToUpperInvariant(property[i]));
        }

        return name.ToString();
    }

    private static void FromEnvironment(BerthOptions options, IConfiguration configuration)
    {
        // A setting that is read by nobody would be lost without a word.
        var renamed = Renamed.Where(pair => configuration[pair.Key] is not null).Select(pair => $"{pair.Key} is called {pair.Value} now").ToArray();
        if (renamed.Length > 0)
        {
            throw new OptionsValidationException("Berth", typeof(BerthOptions), renamed);
        }

        foreach (var property in typeof(BerthOptions).GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.CanWrite))
        {
            var variable = VariableOf(property.Name);
            if (configuration[variable] is not { Length: > 0 } text)
            {
                continue;
            }

            try
            {
                property.SetValue(options, TypeDescriptor.GetConverter(property.PropertyType).ConvertFromInvariantString(text));
            }
            catch (Exception exception) when (exception is ArgumentException or FormatException)
            {
                throw new OptionsValidationException("Berth", typeof(BerthOptions), [$"{variable}: '{text}' is not a {property.PropertyType.Name}"]);
            }
        }
    }
}
