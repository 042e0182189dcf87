using System.ComponentModel;
using System.Reflection;
using System.Text;
using Microsoft.Extensions.Options;

namespace Berth.Server.Settings;

/// <summary>
/// Reads classes of settings from <c>BERTH_…</c> environment variables, or else from the section <c>Berth</c>. An empty value counts as
/// missing.
/// </summary>
internal static class SettingsFeature
{
    /// <summary>Variables, and keys of the section <c>Berth</c>, that used to have another name.</summary>
    private static readonly Dictionary<string, string> Renamed = new(StringComparer.Ordinal)
    {
        ["BERTH_SPARSE_INDEXES"] = "BERTH_SPARSE_MANIFESTS",
        ["Berth:SparseIndexes"] = "Berth:SparseManifests",
    };

    /// <summary>Registers an instance of each class.</summary>
    /// <exception cref="OptionsValidationException">The settings have faults. The exception names those of all classes.</exception>
    public static void AddSettings(this WebApplicationBuilder builder, IReadOnlyList<OptionsClass> classes)
    {
        // A setting under its old name is no longer read, so without this fault it would be ignored silently.
        List<string> faults =
            [
                .. Renamed.Where(pair => builder.Configuration[pair.Key] is not null)
                .Select(pair => $"{pair.Key} is called {pair.Value} now"),
            ];
        foreach (var one in classes)
        {
            var options = one.Make();
            foreach (var setting in one.Settings)
            {
                Read(setting, options, builder.Configuration, faults);
            }

            faults.AddRange(one.Faults(options));
            builder.Services.AddSingleton(one.Type, options);
        }

        if (faults.Count > 0)
        {
            throw new OptionsValidationException("Berth", typeof(SettingsFeature), faults);
        }
    }

    /// <summary><c>MaxLayerGiB</c> becomes <c>BERTH_MAX_LAYER_GIB</c>.</summary>
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

    private static void Read(PropertyInfo setting, object options, IConfiguration configuration, List<string> faults)
    {
        var keys = new[] { VariableOf(setting.Name), "Berth:" + setting.Name };
        if (Array.Find(keys, key => !string.IsNullOrEmpty(configuration[key])) is not { } key)
        {
            return;
        }

        var text = configuration[key]!;
        var type = Nullable.GetUnderlyingType(setting.PropertyType) ?? setting.PropertyType;
        try
        {
            setting.SetValue(options, TypeDescriptor.GetConverter(type).ConvertFromInvariantString(text));
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException)
        {
            faults.Add($"{key}: '{text}' is not a {type.Name}");
        }
    }
}
