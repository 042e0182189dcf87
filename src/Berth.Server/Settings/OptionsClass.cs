using System.Reflection;
using Microsoft.Extensions.Options;

namespace Berth.Server.Settings;

/// <summary>A class of settings. Its properties with a <see cref="SettingAttribute"/> are read and checked.</summary>
internal sealed class OptionsClass
{
    private readonly Func<object, ValidateOptionsResult> _check;

    private OptionsClass(Type type, Func<object, ValidateOptionsResult> check)
    {
        Type = type;
        _check = check;
        Settings = [.. type.GetProperties().Where(property => property.GetCustomAttribute<SettingAttribute>() is not null)];
    }

    public Type Type { get; }

    public IReadOnlyList<PropertyInfo> Settings { get; }

    public static OptionsClass Of<T>(IValidateOptions<T> validator)
        where T : class, new() => new(typeof(T), options => validator.Validate(null, (T)options));

    /// <summary>Makes an instance with every setting at its default.</summary>
    public object Make() => Activator.CreateInstance(Type)!;

    public IEnumerable<string> Faults(object options) =>
        (_check(options).Failures ?? []).SelectMany(failure => failure.Split(SettingRuleAttribute.BetweenFaults));
}
